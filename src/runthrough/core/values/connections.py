"""Outputs wired to inputs."""

from dataclasses import dataclass
from typing import Literal

from runthrough.core.values.ids import NodeName

ConnectionStatus = Literal["declared", "accepted", "confirmed"]
"""By the pipeline file, by the wiring rules, or by a person."""


@dataclass(frozen=True, slots=True)
class Output:
    """A node's output, or a path inside it, used as the source of an input."""

    node: str
    output: str
    subpath: str | None = None

    def __str__(self) -> str:
        """`Node.output/subpath`, as the command line writes it after `@`."""
        tail = f"/{self.subpath}" if self.subpath else ""
        return f"{self.node}.{self.output}{tail}"


@dataclass(frozen=True, slots=True)
class Connection:
    """One input of one node, and the output that feeds it."""

    node: NodeName
    input: str
    source: Output
    status: ConnectionStatus
    score: float | None
    reason: str
