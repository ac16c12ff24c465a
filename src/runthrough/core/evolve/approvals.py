"""Since when a configuration is another one than was approved."""

from runthrough.core.events import (
    ConfigurationCleared,
    ConfigurationDrafted,
    ConfigurationReverted,
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionRemoved,
    Event,
    EventEnvelope,
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    PipelineChanged,
    ScriptAutoConfigured,
    ScriptBound,
    ScriptConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
    ScriptReused,
    VersionApproved,
    WorldChanged,
    concerned,
)
from runthrough.core.state import Approval, SessionState
from runthrough.core.values.fingerprints import digest

_MAY_DIFFER: frozenset[type[Event]] = frozenset(
    {
        PipelineChanged,
        NodeDiscovered,
        ScriptBound,
        NodeMarkedExternal,
        NodeMarkedInternal,
        ConnectionAccepted,
        ConnectionConfirmed,
        ConnectionRemoved,
        ScriptAutoConfigured,
        ScriptMarkedPending,
        ConfigurationDrafted,
        ScriptConfigured,
        ConfigurationCleared,
        ConfigurationReverted,
        WorldChanged,
    }
)


def note_change(state: SessionState, approval: Approval, envelope: EventEnvelope) -> None:
    """Take note of the first event since an approval that may make a node another one.

    A node that passes on just what was approved is what it was: what came in between is over.
    """
    event = envelope.event
    if isinstance(event, ScriptExecuted | ScriptReused):
        passed = state.nodes[event.node].passed if event.node in approval.since else None
        if passed and digest(passed.fingerprint) == approval.fingerprints.get(event.node):
            del approval.since[event.node]
        return
    if type(event) not in _MAY_DIFFER:
        return
    nodes = concerned(event)
    if nodes != "all":
        for node in sorted(nodes):  # a set has no order that lasts
            approval.since.setdefault(node, envelope.version)


def approved(state: SessionState, envelope: EventEnvelope, event: VersionApproved) -> None:
    """The latest approval counts."""
    state.approval = Approval(
        event.version,
        envelope.metadata.actor,
        envelope.metadata.recorded_at,
        dict(event.fingerprints),
    )
