"""Fold events into state. Total, deterministic, and trusting: the table guards the future only.

`evolve` folds in place on a private state (immutable copies cost ten times as much on replay).
"""

from collections.abc import Iterable
from typing import assert_never

from runthrough.core.events import (
    CONCERNING_NONE,
    CommandRefused,
    ConfigurationCleared,
    ConfigurationDrafted,
    ConfigurationRejected,
    ConfigurationRestored,
    ConfigurationReverted,
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    ConnectionRemoved,
    DataFlowChecked,
    EventEnvelope,
    HomeMoved,
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    NoteAdded,
    PipelineChanged,
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
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    SessionStarted,
    VersionApproved,
    WorldChanged,
    concerned,
)
from runthrough.core.evolve.actions import note_action
from runthrough.core.evolve.approvals import approved, note_change
from runthrough.core.evolve.nodes import (
    accepted,
    bound,
    cleared,
    discovered,
    drafted,
    enter,
    identity_of,
    marked_external,
    marked_pending,
    node_of,
)
from runthrough.core.evolve.runs import executed, run_started, through
from runthrough.core.evolve.sessions import forked, pipeline_changed, session_started
from runthrough.core.evolve.wires import connected, disconnected, flow_checked, proposed, rejected
from runthrough.core.lifecycle import Phase
from runthrough.core.state import OpenAttempt, SessionState

__all__ = ["FOLD_VERSION", "evolve", "identity_of", "replay"]

FOLD_VERSION = 6
"""Goes up by one whenever folding, or the shape of what it gives, changes: snapshots of another
fold version are not used."""


def replay(events: Iterable[EventEnvelope], state: SessionState) -> SessionState:
    """Fold every event into `state`, in order, and return it."""
    for envelope in events:
        evolve(state, envelope)
    return state


def evolve(state: SessionState, envelope: EventEnvelope) -> None:
    """Fold one event into `state`."""
    note_action(state, envelope)
    _fold(state, envelope)
    if state.approval is not None:
        note_change(state, state.approval, envelope)
    event = envelope.event
    state.version = envelope.version
    state.last_actor = envelope.metadata.actor
    state.last_at = envelope.metadata.recorded_at
    if type(event) not in CONCERNING_NONE:
        state.changed_at = envelope.version
    nodes = concerned(event)
    if nodes == "all":
        state.concerned_at = envelope.version
    else:
        for node in nodes:
            if node in state.nodes:  # another pipeline may have it no longer
                state.nodes[node].concerned_at = envelope.version


def _fold(  # noqa: C901, PLR0912, PLR0915 - one case an event, closed by assert_never
    state: SessionState, envelope: EventEnvelope
) -> None:
    event = envelope.event
    match event:  # most frequent first: each case that does not fit costs about 0.1 µs
        case ScriptConfigured():
            accepted(state, envelope, event.node, event.spec, "person")
        case ScriptAutoConfigured():
            accepted(state, envelope, event.node, event.spec, "auto")
        case ConnectionAccepted() | ConnectionConfirmed():
            connected(state, event)
        case ScriptStarted():
            node_of(state, event.node).running = OpenAttempt(
                event.run, event.attempt, event.fingerprint, dict(event.outputs)
            )
        case ScriptExecuted():
            executed(state, envelope, event)
        case ScriptReused():
            enter(state, event.node, "execute")
            through(state, event.node, "reused")
        case SessionStarted():
            session_started(state, event)
        case SessionForked():
            forked(state, envelope, event)
        case SessionRenamed():
            state.name = event.name
        case SessionClosed():
            state.phase = Phase.CLOSED
        case SessionReopened():
            state.phase, state.archived = Phase.OPEN, False
        case SessionArchived():
            state.archived = True
        case HomeMoved():
            state.home = event.home
        case VersionApproved():
            approved(state, envelope, event)
        case PipelineChanged():
            pipeline_changed(state, event)
        case NodeDiscovered():
            discovered(state, event)
        case ScriptBound():
            bound(state, event)
        case NodeMarkedExternal():
            marked_external(state, event)
        case NodeMarkedInternal():
            there = enter(state, event.node, "discover")
            there.external, there.external_outputs = False, {}
        case ConnectionProposed():
            proposed(state, event)
        case ConnectionRejected():
            rejected(state, event)
        case ConnectionRemoved():
            disconnected(state, event)
        case ConfigurationCleared():
            cleared(state, event.node)
        case ConfigurationReverted():
            for name in event.nodes:
                if name in state.nodes:
                    cleared(state, name)
        case ScriptMarkedPending():
            marked_pending(state, event)
        case ConfigurationDrafted():
            drafted(state, event)
        case ConfigurationRestored():
            by = node_of(state, event.node).restores_to or "person"
            accepted(state, envelope, event.node, event.spec, by, restored=True)
        case SessionImported():
            if not event.origin.whole:  # nobody goes on with a part that only a fork needs
                state.in_part, state.archived, state.phase = True, True, Phase.CLOSED
        case (
            RequirementsRead()
            | ConfigurationRejected()
            | WorldChanged()
            | NoteAdded()
            | CommandRefused()
        ):
            pass  # history only: they change nothing
        case DataFlowChecked():
            flow_checked(state, event)
        case RunStarted():
            run_started(state, envelope, event)
        case ScriptBlocked():
            through(state, event.node, "blocked")
            if state.run is not None:
                state.run.blocked_by[event.node] = event.by
        case ReuseAccepted():
            passed = node_of(state, event.node).passed
            if passed is not None:
                passed.fingerprint = event.fingerprint
        case RunCancelRequested():
            if state.running is not None and state.running.run == event.run:
                state.running.cancelled_by = envelope.metadata.actor
        case RunFinished():
            if state.run is not None:
                state.run.status, state.run.summary = event.status, event.summary
            if event.status == "passed":
                state.green_at = envelope.version
            if state.phase is Phase.RUNNING:
                state.phase = Phase.OPEN
        case _:
            assert_never(event)
