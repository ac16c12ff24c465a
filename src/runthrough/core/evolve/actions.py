"""What somebody did to the configuration, and what of it was taken back (DESIGN § 9).

An action is a command that changed configuration because a person asked for it. Its events have
one command id; what a look at the world changes is no action.
"""

from runthrough.core.events import (
    ConfigurationCleared,
    ConfigurationDrafted,
    ConfigurationReverted,
    ConnectionConfirmed,
    ConnectionRejected,
    Event,
    EventEnvelope,
    NodeEvent,
    NodeMarkedExternal,
    NodeMarkedInternal,
    PipelineChanged,
    ReuseAccepted,
    ScriptBound,
    ScriptConfigured,
    concerned,
)
from runthrough.core.state import Action, SessionState, TakenBack
from runthrough.core.values.ids import NodeName, Version

ACTIONS_KEPT = 200
"""So many of the newest can be taken back one by one; further back, a version is named."""
_OF_A_PERSON: frozenset[type[Event]] = frozenset(
    {
        PipelineChanged,
        ScriptBound,
        NodeMarkedExternal,
        NodeMarkedInternal,
        ConnectionConfirmed,
        ConnectionRejected,
        ConfigurationDrafted,
        ScriptConfigured,
        ConfigurationCleared,
        ReuseAccepted,
    }
)


def note_action(state: SessionState, envelope: EventEnvelope) -> None:
    """Take note of what a person did to the configuration; cheap, for replay passes here."""
    event, command = envelope.event, envelope.metadata.command_id
    if command != state.command or not state.version:
        state.command, state.command_after = command, state.version
    first, kind = state.command_after + 1, type(event)
    if state.actions and state.actions[-1].version == first:
        _extended(state, envelope)
    elif kind in _OF_A_PERSON:
        # What the pipeline says, or how something is taken back, is nobody's own action.
        asked = first not in (1, state.reverted_at) and not getattr(event, "adjusted", False)
        if asked:
            _acted(state, envelope, Version(first))
    elif isinstance(event, ConfigurationReverted):
        state.reverted_at = Version(first)
        _reverted(state, envelope, event)


def _acted(state: SessionState, envelope: EventEnvelope, first: Version) -> None:
    event = envelope.event
    state.actions.append(
        Action(
            first,
            envelope.version,
            envelope.metadata.actor,
            event.type,
            dict.fromkeys(_nodes(event)),
            told_at=envelope.version,
        )
    )
    if len(state.actions) > ACTIONS_KEPT:
        del state.actions[0]
    if state.taken_back:
        state.taken_back = []


def _extended(state: SessionState, envelope: EventEnvelope) -> None:
    """The command that did it left another event."""
    last = state.actions[-1]
    last.until = envelope.version
    event = envelope.event
    if isinstance(event, NodeEvent):  # nearly all of them
        last.nodes[event.node] = None
    else:
        last.nodes.update(dict.fromkeys(_nodes(event)))


def redone_undo(state: SessionState, event: Event) -> Version | None:
    """Version of the undo that an event does again what it took back of, if it does so."""
    undo = state.taken_back[-1].version if state.taken_back else None
    if not isinstance(event, ConfigurationReverted) or event.versions != (undo,):
        return None
    return undo


def _reverted(state: SessionState, envelope: EventEnvelope, event: ConfigurationReverted) -> None:
    if redone_undo(state, event) is not None:
        state.actions = [*state.actions, *state.taken_back[-1].actions]
        state.taken_back = state.taken_back[:-1]
        return
    gone = tuple(action for action in state.actions if action.version in event.versions)
    state.actions = [a for a in state.actions if a.version not in event.versions]
    undone = TakenBack(envelope.version, envelope.metadata.actor, gone)
    state.taken_back = [*state.taken_back, undone]


def _nodes(event: Event) -> tuple[NodeName, ...]:
    """In the order of their names, since a set has none that lasts."""
    if isinstance(event, NodeEvent):
        return (event.node,)
    nodes = concerned(event)
    return () if nodes == "all" else tuple(sorted(nodes))
