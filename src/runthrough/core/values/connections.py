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
    margin: float | None = None
    """How much worse the best wiring of the node would be without this connection."""


@dataclass(frozen=True, slots=True)
class ProposedConnection:
    """A connection that a person is asked about: confirmed, rejected, or another one chosen."""

    node: NodeName
    input: str
    source: Output
    """Its `subpath` is the most likely one; where several are open, see `subpath_choices`."""
    score: float
    margin: float
    reason: str
    """What speaks for it, for people: `file names train.csv, val.csv; same words: model`."""
    runner_up: Output | None = None
    """The second-best source of this input."""
    subpath_choices: tuple[str, ...] = ()
    """Sub-folders of the output that fit equally; empty where the subpath is settled."""
    expected: bool = False
    """The input is optional, and yet the best taker of an edge that would carry nothing, so that
    it is asked for like a required one (DESIGN § 5)."""
    outside: bool = False
    """Nothing but structure speaks for it (own evidence below 0.5), so that a path from outside
    is a choice of equal rank."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """What a person said does not feed an input; of the output, whatever part of it."""

    input: str
    source: Output
