"""What a consumer is wired from, and what comes of it."""

from dataclasses import dataclass

from runthrough.core.values.connections import Connection, ProposedConnection
from runthrough.core.values.ids import NodeName
from runthrough.core.values.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Producer:
    """A direct predecessor, and what it offers."""

    node: NodeName
    outputs: tuple[Requirement, ...]
    script: str | None = None
    """The stem of its script."""
    external: bool = False


@dataclass(frozen=True, slots=True)
class Wiring:
    """What feeds a node without a question, and what a person is asked about."""

    connections: tuple[Connection, ...] = ()
    proposals: tuple[ProposedConnection, ...] = ()
