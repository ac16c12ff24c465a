"""Fold events into state. Total, deterministic, and trusting: the table guards the future only.

`evolve` folds in place on a private state (immutable copies cost ten times as much on replay).
"""

from collections.abc import Iterable
from typing import assert_never

from runthrough.core.events import (
    CommandRefused,
    ConfigurationCleared,
    ConfigurationDrafted,
    ConfigurationRejected,
    ConfigurationRestored,
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    ConnectionRemoved,
    DataFlowChecked,
    EventEnvelope,
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    RequirementsRead,
    ReuseAccepted,
    RunCancelRequested,
    RunFinished,
    RunStarted,
    ScriptAutoConfigured,
    ScriptBlocked,
    ScriptBound,
    ScriptConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
    ScriptReused,
    ScriptStarted,
    SessionClosed,
    SessionReopened,
    SessionStarted,
    WorldChanged,
    concerned,
)
from runthrough.core.lifecycle import LEADS_TO, Lifecycle, Phase, Trigger
from runthrough.core.pipeline import declared_dag
from runthrough.core.state import (
    ConfiguredBy,
    LastAttempt,
    Misfit,
    NodeState,
    OpenAttempt,
    PassedAttempt,
    Rejection,
    RunState,
    ScriptIdentity,
    SessionState,
)
from runthrough.core.values.connections import (
    Connection,
    ConnectionStatus,
    Output,
    ProposedConnection,
)
from runthrough.core.values.ids import NodeName
from runthrough.core.values.scripts import ScriptInfo
from runthrough.core.values.specs import ScriptSpec

FOLD_VERSION = 3
"""Goes up by one whenever folding, or the shape of what it gives, changes: snapshots of another
fold version are not used."""


def replay(events: Iterable[EventEnvelope], state: SessionState) -> SessionState:
    """Fold every event into `state`, in order, and return it."""
    for envelope in events:
        evolve(state, envelope)
    return state


def evolve(state: SessionState, envelope: EventEnvelope) -> None:
    """Fold one event into `state`."""
    _fold(state, envelope)
    event = envelope.event
    state.version = envelope.version
    state.last_actor = envelope.metadata.actor
    state.last_at = envelope.metadata.recorded_at
    nodes = concerned(event)
    if nodes == "all":
        state.concerned_at = envelope.version
    else:
        for node in nodes:
            _node(state, node).concerned_at = envelope.version


def _fold(  # noqa: C901, PLR0912, PLR0915 - one case an event, closed by assert_never
    state: SessionState, envelope: EventEnvelope
) -> None:
    event = envelope.event
    match event:
        case SessionStarted():
            _session_started(state, event)
        case SessionClosed():
            state.phase = Phase.CLOSED
        case SessionReopened():
            state.phase = Phase.OPEN
        case NodeDiscovered():
            _discovered(state, event)
        case ScriptBound():
            _bound(state, event)
        case NodeMarkedExternal():
            _marked_external(state, event)
        case NodeMarkedInternal():
            node = _enter(state, event.node, "discover")
            node.external, node.external_outputs = False, {}
        case ConnectionProposed():
            _proposed(state, event)
        case ConnectionAccepted() | ConnectionConfirmed():
            _connected(state, event)
        case ConnectionRejected():
            _rejected(state, event)
        case ConnectionRemoved():
            _disconnected(state, event)
        case ConfigurationCleared():
            _cleared(state, event)
        case ScriptAutoConfigured():
            _accepted(state, envelope, event.node, event.spec, "auto")
        case ScriptConfigured():
            _accepted(state, envelope, event.node, event.spec, "person")
        case ScriptMarkedPending():
            _marked_pending(state, event)
        case ConfigurationDrafted():
            _drafted(state, event)
        case ConfigurationRestored():
            by = _node(state, event.node).restores_to or "person"
            _accepted(state, envelope, event.node, event.spec, by, restored=True)
        case RequirementsRead() | ConfigurationRejected() | WorldChanged() | CommandRefused():
            pass  # history only: they change nothing
        case DataFlowChecked():
            _flow_checked(state, event)
        case RunStarted():
            _run_started(state, envelope, event)
        case ScriptStarted():
            _node(state, event.node).running = OpenAttempt(
                event.run, event.attempt, event.fingerprint, dict(event.outputs)
            )
        case ScriptExecuted():
            _executed(state, envelope, event)
        case ScriptReused():
            _enter(state, event.node, "execute")
            _through(state, event.node, "reused")
        case ScriptBlocked():
            _through(state, event.node, "blocked")
            if state.run is not None:
                state.run.blocked_by[event.node] = event.by
        case ReuseAccepted():
            passed = _node(state, event.node).passed
            if passed is not None:
                passed.fingerprint = event.fingerprint
        case RunCancelRequested():
            if state.running is not None and state.running.run == event.run:
                state.running.cancelled_by = envelope.metadata.actor
        case RunFinished():
            if state.run is not None:
                state.run.status, state.run.summary = event.status, event.summary
            if state.phase is Phase.RUNNING:
                state.phase = Phase.OPEN
        case _:
            assert_never(event)


def _node(state: SessionState, name: NodeName) -> NodeState:
    return state.nodes.setdefault(name, NodeState())


def _enter(state: SessionState, name: NodeName, trigger: Trigger) -> NodeState:
    node = _node(state, name)
    node.state = Lifecycle(LEADS_TO[trigger])
    return node


def _session_started(state: SessionState, event: SessionStarted) -> None:
    state.name = event.name
    state.phase = Phase.OPEN
    state.pipeline = event.pipeline
    state.home = event.home
    state.settings = event.settings
    dag = declared_dag(event.pipeline)
    state.nodes = {NodeName(name): NodeState() for name in dag.topological_sort()}
    before: dict[NodeName, list[NodeName]] = {name: [] for name in state.nodes}
    after: dict[NodeName, list[NodeName]] = {name: [] for name in state.nodes}
    for source, target in dag.edges:
        before[NodeName(target)].append(NodeName(source))
        after[NodeName(source)].append(NodeName(target))
    state.predecessors = {name: tuple(nodes) for name, nodes in before.items()}
    state.successors = {name: tuple(nodes) for name, nodes in after.items()}


def identity_of(script: ScriptInfo) -> ScriptIdentity:
    """The part of a script's facts that state keeps."""
    return ScriptIdentity(
        script.name,
        script.path,
        script.package_root,
        script.module,
        script.has_main,
    )


def _discovered(state: SessionState, event: NodeDiscovered) -> None:
    node = _enter(state, event.node, "discover")
    node.external = False
    node.external_outputs = {}
    if node.script is not None:  # what was answered for another script says nothing of this one
        node.draft = node.restores_to = None
    node.script, node.bound = identity_of(event.script) if event.script else None, False
    node.spec = node.configured_by = None
    node.accepted_at = node.accepted_by = None
    node.needs = ()


def _bound(state: SessionState, event: ScriptBound) -> None:
    """What was answered for the script before is the draft that the next decision begins with."""
    node = _enter(state, event.node, "discover")
    if node.configured_by is not None:
        node.restores_to = node.configured_by
    node.draft = node.spec or node.draft
    node.script, node.bound = identity_of(event.script), True
    node.spec = node.configured_by = None
    node.needs = ()


def _cleared(state: SessionState, event: ConfigurationCleared) -> None:
    node = _enter(state, event.node, "clear")
    node.spec = node.draft = node.configured_by = node.restores_to = None
    node.accepted_at = node.accepted_by = None
    node.needs = ()
    state.rejected.pop(event.node, None)
    state.proposals.pop(event.node, None)


def _marked_external(state: SessionState, event: NodeMarkedExternal) -> None:
    node = _node(state, event.node)
    node.state = None
    node.external = True
    node.external_outputs = dict(event.outputs)
    node.draft = node.spec or node.draft
    if node.configured_by is not None:
        node.restores_to = node.configured_by
    node.spec = node.configured_by = node.script = None
    node.needs = ()
    state.connections.pop(event.node, None)
    state.proposals.pop(event.node, None)


def _proposed(state: SessionState, event: ConnectionProposed) -> None:
    state.proposals.setdefault(event.node, {})[event.input] = ProposedConnection(
        event.node,
        event.input,
        Output(event.from_node, event.output, event.subpath),
        event.score,
        event.margin,
        event.reason,
        event.runner_up,
        event.subpath_choices,
        event.expected,
        event.outside,
    )


def _answered(state: SessionState, node: NodeName, inputs: Iterable[str]) -> None:
    """What something feeds is no longer asked about."""
    asked = state.proposals.get(node)
    if asked is None:
        return
    for name in inputs:
        asked.pop(name, None)
    if not asked:
        del state.proposals[node]


def _rejected(state: SessionState, event: ConnectionRejected) -> None:
    _answered(state, event.node, (event.input,))
    rejection = Rejection(event.input, Output(event.from_node, event.output))
    there = state.rejected.get(event.node, ())
    if rejection not in there:
        state.rejected[event.node] = (*there, rejection)


def _connected(state: SessionState, event: ConnectionAccepted | ConnectionConfirmed) -> None:
    source = Output(event.from_node, event.output, event.subpath)
    before = state.connections.get(event.node, {}).get(event.input)
    if before is not None and before.source != source:
        _fits(state, NodeName(before.source.node), event.node, event.input)
    status: ConnectionStatus = "confirmed"
    if isinstance(event, ConnectionAccepted):
        # What the rules accept has a score, what the pipeline declares has none.
        status = "declared" if event.score is None else "accepted"
    state.connections.setdefault(event.node, {})[event.input] = Connection(
        event.node,
        event.input,
        source,
        status,
        event.score,
        event.reason,
        event.margin if isinstance(event, ConnectionAccepted) else None,
    )
    _answered(state, event.node, (event.input,))
    rejection = Rejection(event.input, Output(event.from_node, event.output))
    if rejection in state.rejected.get(event.node, ()):
        left = tuple(other for other in state.rejected[event.node] if other != rejection)
        state.rejected[event.node] = left
    if event.from_node not in state.predecessors.get(event.node, ()):
        _add_edge(state, event.from_node, event.node)


def _disconnected(state: SessionState, event: ConnectionRemoved) -> None:
    """An edge that only a connection had brought goes with it."""
    _answered(state, event.node, (event.input,))
    left = state.connections.get(event.node, {})
    if event.input not in left:
        return  # it was proposed only
    left.pop(event.input, None)
    _fits(state, event.from_node, event.node, event.input)
    edge = (event.from_node, event.node)
    if edge in state.pipeline.edges or any(c.source.node == edge[0] for c in left.values()):
        return
    above, below = state.predecessors.get(event.node, ()), state.successors.get(edge[0], ())
    state.predecessors[event.node] = tuple(node for node in above if node != edge[0])
    state.successors[edge[0]] = tuple(node for node in below if node != edge[1])


def _add_edge(state: SessionState, source: NodeName, target: NodeName) -> None:
    """A person's connection brings its edge; nodes stay in topological order.

    Of the nodes from the target to the source, those below the target move behind the source.
    """
    for end in (source, target):
        _node(state, end)
    state.predecessors[target] = (*state.predecessors.get(target, ()), source)
    state.successors[source] = (*state.successors.get(source, ()), target)
    names = list(state.nodes)
    first, last = names.index(target), names.index(source)
    moved: dict[NodeName, None] = {target: None}
    stay: list[NodeName] = []
    for name in names[first + 1 : last + 1]:
        if moved.keys() & state.predecessors.get(name, ()):
            moved[name] = None
        else:
            stay.append(name)
    if stay:
        order = (*names[:first], *stay, *moved, *names[last + 1 :])
        state.nodes = {name: state.nodes[name] for name in order}


def _accepted(
    state: SessionState,
    envelope: EventEnvelope,
    name: NodeName,
    spec: ScriptSpec,
    by: ConfiguredBy,
    *,
    restored: bool = False,
) -> None:
    if restored:
        trigger: Trigger = "restore_auto" if by == "auto" else "restore_configured"
    else:
        trigger = "auto_configure" if by == "auto" else "configure"
    node = _enter(state, name, trigger)
    _answered(state, name, spec.input_paths)
    node.spec = spec
    node.draft = node.restores_to = None
    node.configured_by = by
    node.needs = ()
    if not restored or node.accepted_at is None:
        node.accepted_at = envelope.metadata.recorded_at
        node.accepted_by = envelope.metadata.actor


def _drafted(state: SessionState, event: ConfigurationDrafted) -> None:
    node = _enter(state, event.node, "draft")
    _answered(state, event.node, event.draft.input_paths)
    node.draft, node.needs = event.draft, event.needs
    node.restores_to = "person"


def _flow_checked(state: SessionState, event: DataFlowChecked) -> None:
    edge = event.edge
    _fits(state, edge.from_node, event.node, edge.input)
    if event.result.compatible:
        return
    if state.run is not None:
        state.run.incompatible.append((edge.from_node, event.node))
    wrong = [issue.message for issue in event.result.issues if issue.severity == "error"]
    misfit = Misfit(event.node, edge.input, edge.output, next(iter(wrong), "it does not fit"))
    producer = _node(state, edge.from_node)
    producer.misfits = (*producer.misfits, misfit)


def _fits(state: SessionState, producer: NodeName, consumer: NodeName, name: str) -> None:
    """What was found wrong with an input's source says nothing of another, or of a new look."""
    there = _node(state, producer)
    if there.misfits:
        there.misfits = tuple(m for m in there.misfits if (m.node, m.input) != (consumer, name))


def _marked_pending(state: SessionState, event: ScriptMarkedPending) -> None:
    node = _enter(state, event.node, "require_configuration")
    if node.configured_by is not None:
        node.restores_to = node.configured_by
    node.spec = node.configured_by = None
    node.draft, node.needs = event.draft, event.needs


def _run_started(state: SessionState, envelope: EventEnvelope, event: RunStarted) -> None:
    state.phase = Phase.RUNNING
    state.run = RunState(
        run=event.run,
        plan=event.plan,
        holder=event.holder,
        actor=envelope.metadata.actor,
        started_at=envelope.metadata.recorded_at,
        runner=event.runner,
        reuse=event.reuse,
        sagemaker=event.sagemaker,
    )


def _through(state: SessionState, node: NodeName, outcome: str) -> None:
    if state.run is not None:
        state.run.outcomes[node] = outcome


def _executed(state: SessionState, envelope: EventEnvelope, event: ScriptExecuted) -> None:
    at = envelope.metadata.recorded_at
    claimed = _node(state, event.node).running
    node = _enter(state, event.node, "execute")
    node.running = None
    fingerprint = claimed.fingerprint if claimed else ()
    node.last = LastAttempt(
        run=event.run,
        attempt=event.attempt,
        outcome=event.outcome,
        at=at,
        duration_s=event.duration_s,
        exit_code=event.exit_code,
        signal=event.signal,
        peak_rss_bytes=event.peak_rss_bytes,
        error=event.error,
        log=event.log.stderr if event.log else None,
        fingerprint=fingerprint,
    )
    if event.outcome == "passed":
        node.misfits = ()
        node.passed = PassedAttempt(
            run=event.run,
            attempt=event.attempt,
            at=at,
            fingerprint=fingerprint,
            outputs={output.name: output.path for output in event.outputs},
            digests={output.name: output.digest for output in event.outputs},
        )
    _through(state, event.node, event.outcome)
