"""A contract as it was read: what the author of a script says it needs."""

from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.model import Frozen
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import ScriptRequirements


class ContractFacts(Frozen):
    """The contract of one script, or why none can be told."""

    path: RecordedPath | None = None
    """The file it stands in; `None` where several files claim to be it."""
    requirements: ScriptRequirements = ScriptRequirements()
    """Its needs, each with the one source `contract`: an input, output or required variable is
    `required`, anything else `optional`."""
    description: str = ""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the contract; `where.node` holds the script's name."""
