"""A person's answers: accepted, kept as a draft, or rejected with every problem."""

from collections.abc import Mapping
from typing import TypeVar

from runthrough.core.commands import ConfigureScript
from runthrough.core.decide.guards import known, require
from runthrough.core.decide.settling import (
    Surroundings,
    answered,
    base_spec,
    claimed_source,
    completed,
    evidence_of,
    learned,
    propose,
)
from runthrough.core.events import (
    ConfigurationDrafted,
    ConfigurationRejected,
    ConnectionConfirmed,
    ConnectionRemoved,
    Event,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.state import SessionState
from runthrough.core.validation import Proposal, errors, problems_of
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.ids import NodeName
from runthrough.core.values.problems import PlaceKind, Problem
from runthrough.core.values.requirements import RequirementKind, ScriptRequirements
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import CommandRefusedError

_T = TypeVar("_T")
_NOTHING_READ = ScriptRequirements()


def configure(command: ConfigureScript, state: SessionState) -> tuple[Event, ...]:
    """What a person's answer leads to.

    Raises:
        UnknownNodeError: No node has that name.
        CommandRefusedError: The node is external.
    """
    node = known(state, command.node)
    if node.external:
        raise CommandRefusedError(
            f"{command.node} is external: it has no script to configure.",
            fix="change its outputs in the pipeline file",
        )
    around = Surroundings(state, command.facts)
    proposal = proposed(command, around)
    problems = errors(problems_of(proposal))
    if not problems:
        return _accepted(around, proposal)
    if not command.partial:
        return (_rejected(proposal, problems),)
    return _partly(command, around, proposal, problems)


def proposed(command: ConfigureScript, around: Surroundings) -> Proposal:
    """The configuration as it would be, with the connections it would have."""
    node, given = command.node, command.input_paths
    requirements = around.facts(node).requirements
    spec = merged(command, base_spec(around.state, node), requirements)
    connections: dict[str, Connection] = {}
    if given is None or not command.replace:
        answers = answered(requirements, "input", given or ())
        there = around.state.connections.get(node, {})
        connections = {name: old for name, old in there.items() if name not in answers}
    for name, path in (given or {}).items():
        source = path if isinstance(path, Output) else claimed_source(around, node, path)
        if source is not None:
            reason = "named by a person" if source is path else f"the path is {source}"
            connections[name] = Connection(node, name, source, "confirmed", None, reason)
    return propose(around, node, completed(around, node, spec, connections), connections)


def merged(
    command: ConfigureScript,
    base: ScriptSpec,
    requirements: ScriptRequirements = _NOTHING_READ,
) -> ScriptSpec:
    """The command's values over `base`; given paths only, connections come after.

    An answer stands for all names that `requirements` have for the same need.
    """

    def over(
        kind: RequirementKind, old: Mapping[str, _T], new: Mapping[str, _T] | None
    ) -> dict[str, _T]:
        if new is None:
            return dict(old)
        answers = answered(requirements, kind, new)
        kept = {} if command.replace else {n: v for n, v in old.items() if n not in answers}
        return {**kept, **new}

    given = over("input", base.input_paths, command.input_paths)
    return ScriptSpec(
        input_paths={n: path for n, path in given.items() if not isinstance(path, Output)},
        output_paths=over("output", base.output_paths, command.output_paths),
        environ_vars=over("environ_var", base.environ_vars, command.environ_vars),
        job_args=over("job_arg", base.job_args, command.job_args),
        user_notes=command.user_notes if command.user_notes is not None else base.user_notes,
        timeout_s=command.timeout_s if command.timeout_s is not None else base.timeout_s,
        python=command.python if command.python is not None else base.python,
    )


def _rejected(proposal: Proposal, problems: tuple[Problem, ...]) -> ConfigurationRejected:
    return ConfigurationRejected(node=proposal.node, spec=proposal.spec, problems=problems)


def _accepted(around: Surroundings, proposal: Proposal) -> tuple[Event, ...]:
    require(around.state, proposal.node, "configure")
    evidence = evidence_of(around, proposal)
    return (
        *learned(around, proposal.node),
        *_rewired(around.state, proposal),
        ScriptConfigured(node=proposal.node, spec=proposal.spec, evidence=evidence),
    )


def _rewired(state: SessionState, proposal: Proposal) -> tuple[Event, ...]:
    """The events that lead from the present connections of a node to the proposed ones."""
    there = state.connections.get(proposal.node, {})
    removed = (
        ConnectionRemoved(
            node=proposal.node,
            input=name,
            from_node=NodeName(old.source.node),
            output=old.source.output,
            subpath=old.source.subpath,
            score=old.score,
            reason=_instead(proposal, name),
        )
        for name, old in there.items()
        if proposal.connections.get(name) != old
    )
    confirmed = (
        ConnectionConfirmed(
            node=proposal.node,
            input=name,
            from_node=NodeName(new.source.node),
            output=new.source.output,
            subpath=new.source.subpath,
            score=new.score,
            reason=new.reason,
        )
        for name, new in proposal.connections.items()
        if there.get(name) != new
    )
    return (*removed, *confirmed)


def _instead(proposal: Proposal, name: str) -> str:
    if name in proposal.connections:
        return f"replaced by {proposal.connections[name].source}"
    return "replaced by a path" if name in proposal.spec.input_paths else "left out"


def _partly(
    command: ConfigureScript,
    around: Surroundings,
    proposal: Proposal,
    problems: tuple[Problem, ...],
) -> tuple[Event, ...]:
    """Keep the answers that hold, and say which do not and what is still missing."""
    wrong = tuple(p for p in problems if _given(command, p))
    rejected = (_rejected(proposal, wrong),) if wrong else ()
    left = _without(command, {(p.where.kind, p.where.name) for p in wrong})
    if wrong and not _answers(left):
        return rejected
    kept = proposed(left, around)
    needs = errors(problems_of(kept))
    if not needs:
        return (*rejected, *_accepted(around, kept))
    demoted: tuple[Event, ...] = ()
    if around.state.nodes[command.node].state is not Lifecycle.PENDING:
        require(around.state, command.node, "require_configuration")
        base = base_spec(around.state, command.node)
        demoted = (ScriptMarkedPending(node=command.node, needs=needs, draft=base),)
    return (
        *rejected,
        *learned(around, command.node),
        *demoted,
        *_rewired(around.state, kept),
        ConfigurationDrafted(node=command.node, draft=kept.spec, needs=needs),
    )


_PARTS: Mapping[str, str] = {
    "input": "input_paths",
    "connection": "input_paths",
    "output": "output_paths",
    "environ_var": "environ_vars",
    "job_arg": "job_args",
}
"""Where a problem's kind sits in the command."""


def _given(command: ConfigureScript, problem: Problem) -> bool:
    """Whether the problem lies in a value that this command brought."""
    part = _PARTS.get(problem.where.kind)
    return part is not None and problem.where.name in (getattr(command, part) or ())


def _answers(command: ConfigureScript) -> bool:
    """Whether the command says anything about the node."""
    single = (command.user_notes, command.timeout_s, command.python)
    return any(value is not None for value in single) or any(
        getattr(command, part) for part in _PARTS.values()
    )


def _without(command: ConfigureScript, bad: set[tuple[PlaceKind, str | None]]) -> ConfigureScript:
    parts = {
        part: {
            name: value
            for name, value in (getattr(command, part) or {}).items()
            if not {(kind, name) for kind, of in _PARTS.items() if of == part} & bad
        }
        for part in _PARTS.values()
        if getattr(command, part) is not None
    }
    return command.model_copy(update=parts)
