"""What is validated: one node's configuration beside what was seen of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runthrough.core.validation.words import command, word
from runthrough.core.values.connections import (
    Connection,
    Output,
    ProposedConnection,
    Rejection,
)
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.problems import Place, PlaceKind, Problem, ProblemCode, Severity
from runthrough.core.values.requirements import Requirement, RequirementKind
from runthrough.core.values.specs import ScriptSpec


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What another node means for this one."""

    outputs: frozenset[str]
    """Names of the outputs it offers."""
    open_ended: bool
    """Whether it may offer others: nothing could be read, or names are known at run time only."""
    external_outputs: Mapping[str, RecordedPath] | None = None
    """Paths, for an external node."""
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Patterns of the files that it writes below each output, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One node's configuration, and all that its rules ask for."""

    node: NodeName
    spec: ScriptSpec
    connections: Mapping[str, Connection]
    facts: NodeFacts
    sources: Mapping[NodeName, Neighbour] = field(default_factory=dict)
    """Nodes that the connections come from; a missing one is unknown to the pipeline."""
    below: frozenset[NodeName] = frozenset()
    """The node itself and everything downstream: connecting from there would be a cycle."""
    claimed: Mapping[RecordedPath, Sequence[Output]] = field(default_factory=dict)
    """Output paths of all nodes, with the outputs that lie there."""
    proposals: Mapping[str, ProposedConnection] = field(default_factory=dict)
    """What a person is asked about, by input."""
    rejections: Sequence[Rejection] = ()
    """What a person said does not feed the node."""
    kept: Mapping[RecordedPath, str] = field(default_factory=dict)
    """Files that no script may write over, and what they are."""
    inherited: frozenset[str] = frozenset()
    """Environment variables that the child takes over from the tester."""
    readers: Mapping[RecordedPath, Sequence[tuple[NodeName, str]]] = field(default_factory=dict)
    """Nodes and their inputs that lie at a path, of nodes that do not run after this one."""

    def problem(
        self,
        code: ProblemCode,
        kind: PlaceKind,
        name: str | None,
        message: str,
        fix: str,
        *,
        severity: Severity = "error",
        candidates: tuple[str, ...] = (),
    ) -> Problem:
        """A problem of this node."""
        return Problem(
            code=code,
            severity=severity,
            where=Place(node=self.node, kind=kind, name=name),
            message=message,
            fix=fix,
            candidates=candidates,
        )

    def configure(self, flag: str, name: str, value: str) -> str:
        """The command that gives `value` to a named need."""
        return command("configure", self.node, options=f"--{flag} {word(name)}={word(value)}")

    def needs(self, kind: RequirementKind) -> dict[str, Requirement]:
        """The needs of one kind by each name that answers them, own names before aliases."""
        needs = self.facts.requirements.of(kind)
        by_alias = {alias: need for need in needs for alias in need.aliases}
        return by_alias | {need.name: need for need in needs}

    def secret_in_plain(self, kind: PlaceKind, name: str | None, fix: str) -> Problem:
        """A field whose value was masked; the value is named nowhere."""
        return self.problem(
            "SECRET_IN_PLAIN",
            kind,
            name,
            f"{name or 'The note'} looks like a secret in plain text and was not kept",
            fix,
        )
