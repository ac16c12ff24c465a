"""A person's answers: accepted, kept as a draft, or rejected with every problem."""

from collections.abc import Mapping
from typing import TypeVar

from runthrough.core.commands import ConfigureScript
from runthrough.core.decide.guards import known, require
from runthrough.core.decide.settling import (
    Surroundings,
    base_spec,
    claimed_source,
    completed,
    evidence_of,
    propose,
)
from runthrough.core.events import (
    ConfigurationDrafted,
    ConfigurationRejected,
    ConnectionConfirmed,
    ConnectionRemoved,
    Event,
    RequirementsRead,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.state import SessionState
from runthrough.core.validation import Proposal, errors, problems_of
from runthrough.core.values.connections import Connection, Output
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import CommandRefusedError

_T = TypeVar("_T")


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
    reread = _reread(command, around)
    if not problems:
        return (*reread, *_accepted(around, proposal))
    if not command.partial:
        return (_rejected(proposal, problems),)
    return (*reread, *_partly(command, around, proposal, problems))


def proposed(command: ConfigureScript, around: Surroundings) -> Proposal:
    """The configuration as it would be, with the connections it would have."""
    state, node = around.state, command.node
    spec = merged(command, base_spec(state, node))
    connections = dict(state.connections.get(node, {}))
    paths = dict(spec.input_paths)
    for name, given in (command.input_paths or {}).items():
        source = given if isinstance(given, Output) else claimed_source(around, node, given)
        if source is not None:
            reason = "named by a person" if source is given else f"the path is {source}"
            connections[name] = Connection(node, name, source, "confirmed", None, reason)
            paths.pop(name, None)
        else:
            connections.pop(name, None)
    spec = spec.model_copy(update={"input_paths": paths})
    spec = completed(around, node, spec, connections)
    return propose(around, node, spec, connections)


def merged(command: ConfigureScript, base: ScriptSpec) -> ScriptSpec:
    """The command's values over `base`; given paths only, connections are looked at elsewhere."""
    inputs: dict[str, RecordedPath] | None = None
    if command.input_paths is not None:
        inputs = {n: p for n, p in command.input_paths.items() if not isinstance(p, Output)}

    def over(old: Mapping[str, _T], new: Mapping[str, _T] | None) -> dict[str, _T]:
        if new is None:
            return dict(old)
        return dict(new) if command.replace else {**old, **new}

    return ScriptSpec(
        input_paths=over(base.input_paths, inputs),
        output_paths=over(base.output_paths, command.output_paths),
        environ_vars=over(base.environ_vars, command.environ_vars),
        job_args=over(base.job_args, command.job_args),
        user_notes=command.user_notes if command.user_notes is not None else base.user_notes,
        timeout_s=command.timeout_s if command.timeout_s is not None else base.timeout_s,
        python=command.python if command.python is not None else base.python,
    )


def _reread(command: ConfigureScript, around: Surroundings) -> tuple[Event, ...]:
    facts = around.facts(command.node)
    if facts.reread is None:
        return ()
    return (
        RequirementsRead(node=command.node, requirements=facts.requirements, because=facts.reread),
    )


def _rejected(proposal: Proposal, problems: tuple[Problem, ...]) -> ConfigurationRejected:
    return ConfigurationRejected(node=proposal.node, spec=proposal.spec, problems=problems)


def _accepted(around: Surroundings, proposal: Proposal) -> tuple[Event, ...]:
    require(around.state, proposal.node, "configure")
    evidence = evidence_of(around, proposal)
    return (
        *_rewired(around.state, proposal.node, proposal.connections),
        ScriptConfigured(node=proposal.node, spec=proposal.spec, evidence=evidence),
    )


def _rewired(
    state: SessionState, node: NodeName, connections: Mapping[str, Connection]
) -> tuple[Event, ...]:
    """The events that lead from the present connections of a node to these."""
    there = state.connections.get(node, {})
    events: list[Event] = []
    for name, old in there.items():
        if connections.get(name) != old:
            reason = (
                f"replaced by {connections[name].source}"
                if name in connections
                else "replaced by a path"
            )
            events.append(
                ConnectionRemoved(
                    node=node,
                    input=name,
                    from_node=NodeName(old.source.node),
                    output=old.source.output,
                    subpath=old.source.subpath,
                    score=old.score,
                    reason=reason,
                )
            )
    for name, new in connections.items():
        if there.get(name) != new:
            events.append(
                ConnectionConfirmed(
                    node=node,
                    input=name,
                    from_node=NodeName(new.source.node),
                    output=new.source.output,
                    subpath=new.source.subpath,
                    score=new.score,
                    reason=new.reason,
                )
            )
    return tuple(events)


def _partly(
    command: ConfigureScript,
    around: Surroundings,
    proposal: Proposal,
    problems: tuple[Problem, ...],
) -> tuple[Event, ...]:
    """Keep the answers that hold, and say which do not and what is still missing."""
    bad: set[tuple[str, str | None]] = {(p.where.kind, p.where.name) for p in problems}
    bad |= {("input", name) for kind, name in bad if kind == "connection"}
    kept = proposed(_without(command, bad), around)
    events: list[Event] = []
    wrong = tuple(p for p in problems if _given(command, p))
    if wrong:
        events.append(_rejected(proposal, wrong))
    needs = errors(problems_of(kept))
    if not needs:
        return (*events, *_accepted(around, kept))
    events += _rewired(around.state, command.node, kept.connections)
    state = around.state.nodes[command.node].state
    if state in {Lifecycle.DISCOVERED, Lifecycle.PENDING}:
        require(around.state, command.node, "draft")
        events.append(ConfigurationDrafted(node=command.node, draft=kept.spec, needs=needs))
    else:
        require(around.state, command.node, "require_configuration")
        events.append(ScriptMarkedPending(node=command.node, needs=needs, draft=kept.spec))
    return tuple(events)


def _given(command: ConfigureScript, problem: Problem) -> bool:
    """Whether the problem lies in a value that this command brought."""
    kind, name = problem.where.kind, problem.where.name
    given: Mapping[str, object] | None = {
        "input": command.input_paths,
        "connection": command.input_paths,
        "output": command.output_paths,
        "environ_var": command.environ_vars,
        "job_arg": command.job_args,
    }.get(kind)
    return given is not None and name in given


def _without(command: ConfigureScript, bad: set[tuple[str, str | None]]) -> ConfigureScript:
    def left(kind: str, values: Mapping[str, _T] | None) -> dict[str, _T] | None:
        if values is None:
            return None
        return {name: value for name, value in values.items() if (kind, name) not in bad}

    return command.model_copy(
        update={
            "input_paths": left("input", command.input_paths),
            "output_paths": left("output", command.output_paths),
            "environ_vars": left("environ_var", command.environ_vars),
            "job_args": left("job_arg", command.job_args),
        }
    )
