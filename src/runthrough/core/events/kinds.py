"""What every event is: about the session as a whole, or about one node."""

from typing import ClassVar

from runthrough.core.values.ids import NodeName
from runthrough.core.values.model import Frozen


class SessionEvent(Frozen):
    """An event that concerns the session as a whole."""

    schema_version: ClassVar[int] = 1


class NodeEvent(Frozen):
    """An event whose subject is one node."""

    schema_version: ClassVar[int] = 1
    node: NodeName
