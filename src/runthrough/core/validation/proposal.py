"""What is validated: one node's configuration beside what was seen of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote

from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.problems import Place, PlaceKind, Problem, ProblemCode, Severity
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
    inherited: frozenset[str] = frozenset()
    """Environment variables that the child takes over from the tester."""

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
        return f"runthrough configure {quote(self.node)} --{flag} {quote(name)}={value}"

    def secret_in_plain(self, kind: PlaceKind, name: str | None, fix: str) -> Problem:
        """A field whose value was masked; the value is named nowhere."""
        return self.problem(
            "SECRET_IN_PLAIN",
            kind,
            name,
            f"{name or 'The note'} looks like a secret in plain text and was not kept",
            fix,
        )
