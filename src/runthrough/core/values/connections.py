"""Outputs wired to inputs."""

from collections.abc import Iterable
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

    @property
    def choices(self) -> tuple[Output, ...]:
        """The parts of the output among which a person chooses; empty where it is settled."""
        if len(self.subpath_choices) < 2:  # noqa: PLR2004 - one is no choice
            return ()
        source = self.source
        return tuple(Output(source.node, source.output, sub) for sub in self.subpath_choices)

    @property
    def asked_about(self) -> Output:
        """What a person is asked about: of an output with several sub-folders the whole of it."""
        source = self.source
        return Output(source.node, source.output) if self.choices else source

    def is_choice(self, rejections: Iterable["Rejection"]) -> bool:
        """Whether a person is to choose, so that nobody is led to confirm it as it is.

        One of several sub-folders; or where nothing but the edge speaks for it, and another output
        is as likely, or one was rejected. `rejections` are those of the node.
        """
        refused = any(old.input == self.input for old in rejections)
        only = self.runner_up is None and not refused
        return bool(self.choices) or (self.score <= 0 and not only)

    def taken_by(self, given: str) -> bool:
        """Whether an answer takes what is proposed as it is; one of several folders is chosen."""
        return not self.choices and given == f"@{self.source}"


@dataclass(frozen=True, slots=True)
class Rejection:
    """What a person said does not feed an input; of the output, whatever part of it."""

    input: str
    source: Output
