"""A person's answers: accepted, kept as a draft, or rejected with every problem."""

from collections.abc import Mapping
from typing import TypeVar

from runthrough.core.commands import ConfigureScript
from runthrough.core.decide.guards import require, scripted
from runthrough.core.decide.rewiring import (
    accepted,
    confirmed,
    removed,
    rewired,
    wiring_of,
)
from runthrough.core.decide.settling import (
    completed,
    evidence_of,
    learned,
    propose,
    redecide,
    unfed,
)
from runthrough.core.decide.surroundings import (
    Surroundings,
    answered,
    base_spec,
    claimed_source,
    own_name,
)
from runthrough.core.decide.unfolding import Unfolding
from runthrough.core.decide.unsetting import kept_spec
from runthrough.core.events import (
    ConfigurationDrafted,
    ConfigurationRejected,
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
        CommandRefusedError: The node is external, or one need is answered under two names.
    """
    scripted(state, command.node)
    unfolding = Unfolding.over(state)
    around = Surroundings(unfolding.state, command.facts)
    command = owned(command, around.facts(command.node).requirements)
    proposal = proposed(command, around)
    problems = errors(problems_of(proposal))
    if not problems:
        _accept(unfolding, around, proposal)
    elif command.partial:
        _keep(unfolding, around, command, proposal, problems)
    else:
        unfolding.happen(_rejected(proposal, problems))
    return unfolding.events


def owned(command: ConfigureScript, requirements: ScriptRequirements) -> ConfigureScript:
    """The answers under the names that the script itself uses.

    Raises:
        CommandRefusedError: One need is answered under two names.
    """

    def own(kind: RequirementKind, given: Mapping[str, _T] | None) -> dict[str, _T] | None:
        if given is None:
            return None
        names = {name: requirements.own_name(kind, name) for name in given}
        if len(set(names.values())) < len(names):
            twice = [n for n in names if list(names.values()).count(names[n]) > 1]
            raise CommandRefusedError(
                f"{' and '.join(twice)} are names of one need of {command.node}.",
                fix=f"give {names[twice[0]]} alone",
            )
        return {names[name]: value for name, value in given.items()}

    return command.model_copy(
        update={
            "input_paths": own("input", command.input_paths),
            "output_paths": own("output", command.output_paths),
            "environ_vars": own("environ_var", command.environ_vars),
            "job_args": own("job_arg", command.job_args),
        }
    )


def proposed(command: ConfigureScript, around: Surroundings) -> Proposal:
    """The configuration as it would be, with the connections it would have."""
    node, given = command.node, command.input_paths
    requirements = around.facts(node).requirements
    spec = merged(command, kept_spec(around.state, command), requirements)
    connections: dict[str, Connection] = {}
    if given is None or not command.replace:
        answers = answered(requirements, "input", given or ())
        there = around.state.connections.get(node, {})
        connections = {name: old for name, old in there.items() if name not in answers}
    for name, path in (given or {}).items():
        source = path if isinstance(path, Output) else claimed_source(around, node, path)
        if source is not None:
            reason = "named by a person" if source is path else f"the path is {source}"
            source = own_name(around, source)
            connections[name] = Connection(node, name, source, "confirmed", None, reason)
    wiring = wiring_of(around, node, unfed(spec, connections), connections)
    connections |= {connection.input: connection for connection in wiring.connections}
    return propose(
        around,
        node,
        completed(around, node, spec, connections),
        connections,
        {question.input: question for question in wiring.proposals},
    )


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
        limits=command.limits.over(base.limits) if command.limits else base.limits,
        python=command.python if command.python is not None else base.python,
    )


def _rejected(proposal: Proposal, problems: tuple[Problem, ...]) -> ConfigurationRejected:
    return ConfigurationRejected(node=proposal.node, spec=proposal.spec, problems=problems)


def _accept(unfolding: Unfolding, around: Surroundings, proposal: Proposal) -> None:
    """Take the configuration, and decide the consumers that it concerns."""
    require(unfolding.state, proposal.node, "configure")
    evidence = evidence_of(around, proposal)
    unfolding.happen(*learned(around, proposal.node))
    unfolding.happen(*_reconnected(unfolding.state, proposal))
    unfolding.happen(ScriptConfigured(node=proposal.node, spec=proposal.spec, evidence=evidence))
    unfolding.happen(*rewired(around, proposal.node))
    redecide(unfolding, around, (), below=consumers(around.state, proposal.node))


def consumers(state: SessionState, node: NodeName) -> tuple[NodeName, ...]:
    """The nodes that may take what a node writes."""
    return state.successors.get(node, ())


def _reconnected(state: SessionState, proposal: Proposal) -> tuple[Event, ...]:
    """The events that lead from the present connections of a node to the proposed ones."""
    there = state.connections.get(proposal.node, {})
    gone = (
        removed(old, _instead(proposal, name))
        for name, old in there.items()
        if proposal.connections.get(name) != old
    )
    new = (wire for name, wire in proposal.connections.items() if there.get(name) != wire)
    return (*gone, *(confirmed(w) if w.status == "confirmed" else accepted(w) for w in new))


def _instead(proposal: Proposal, name: str) -> str:
    if name in proposal.connections:
        return f"replaced by {proposal.connections[name].source}"
    return "replaced by a path" if name in proposal.spec.input_paths else "left out"


def _keep(
    unfolding: Unfolding,
    around: Surroundings,
    command: ConfigureScript,
    proposal: Proposal,
    problems: tuple[Problem, ...],
) -> None:
    """Keep the answers that hold, and say which do not and what is still missing."""
    node = command.node
    wrong = tuple(p for p in problems if _given(command, p))
    if wrong:
        unfolding.happen(_rejected(proposal, wrong))
    left = _without(command, {(p.where.kind, p.where.name) for p in wrong})
    if wrong and not _answers(left):
        return
    kept = proposed(left, around)
    needs = errors(problems_of(kept))
    if not needs:
        _accept(unfolding, around, kept)
        return
    unfolding.happen(*learned(around, node))
    if unfolding.state.nodes[node].state is not Lifecycle.PENDING:
        require(unfolding.state, node, "require_configuration")
        base = base_spec(unfolding.state, node)
        unfolding.happen(ScriptMarkedPending(node=node, needs=needs, draft=base))
    unfolding.happen(*_reconnected(unfolding.state, kept))
    unfolding.happen(ConfigurationDrafted(node=node, draft=kept.spec, needs=needs))
    redecide(unfolding, around, (node,), below=consumers(around.state, node))


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
    single = (command.user_notes, command.timeout_s, command.limits, command.python)
    given = any(value is not None for value in single) or bool(command.unset)
    return given or any(getattr(command, part) for part in _PARTS.values())


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
