"""What a command may bring beside what is asked."""

from pydantic import Field

from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.model import Frozen

World = dict[NodeName, NodeFacts]
"""What was seen of each node."""


class InformedCommand(Frozen):
    """A command for whose decision the world was looked at."""

    facts: World = Field(default_factory=dict)
