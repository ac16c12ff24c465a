"""What a look at the world found, counted for one screen and told node by node."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from runthrough.core.events import (
    ConfigurationRestored,
    Event,
    EventEnvelope,
    NodeDiscovered,
    RequirementsRead,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
    WorldChanged,
)
from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.staleness import World
from runthrough.core.state import SessionState
from runthrough.core.values.facts import WorldChange
from runthrough.core.values.ids import NodeName
from runthrough.core.views.changes import world_words
from runthrough.core.views.history import HistoryRow
from runthrough.core.views.nodes import View
from runthrough.core.views.worklist import asked, needs_a_person


def resumed_view(state: SessionState, recorded: Iterable[EventEnvelope]) -> View:
    """What `resume` recorded; `state` is the one after it.

    Keys: inputs_changed, scripts_edited, modules_edited, inputs_first_seen, scripts_read_again,
    attempts_closed (counts), pending_again, still_pending (all others that need a person),
    restored, configured, found (lists of nodes), nodes (node → what became of it, and of one
    that needs a person what is missing, in words; those that need a person first).
    """
    told: dict[NodeName, list[Event]] = {}
    for envelope in recorded:
        if isinstance(envelope.event, _TOLD):
            told.setdefault(envelope.event.node, []).append(envelope.event)
    changes = {
        node: [c for event in events if isinstance(event, WorldChanged) for c in event.changes]
        for node, events in told.items()
    }
    missing = {node for node, found in changes.items() if any(c.part == "missing" for c in found)}
    pending = [node for node in state.nodes if needs_a_person(state, node)]
    again = [node for node in pending if node in missing]
    words = {node: _told_words(told.get(node, ())) for node in state.nodes}
    for node in pending:
        if not any(isinstance(event, ScriptMarkedPending) for event in told.get(node, ())):
            words[node] = "; ".join(filter(None, (words[node], _still(state, node))))
    return {
        **_counts(state, changes),
        "scripts_read_again": len(_nodes(told, RequirementsRead)),
        "attempts_closed": len(_nodes(told, ScriptExecuted)),
        "pending_again": [*again],
        "still_pending": [node for node in pending if node not in again],
        "restored": [*_nodes(told, ConfigurationRestored)],
        "configured": [*_nodes(told, (ScriptAutoConfigured, ScriptConfigured))],
        "found": [*_nodes(told, NodeDiscovered)],
        "nodes": {node: words[node] for node in _most_urgent(state, told, pending)},
    }


def going_on_view(
    state: SessionState,
    *,
    last: tuple[str, datetime | None],
    lives: tuple[bool, str],
    told: Mapping[str, JsonValue],
    recorded: Iterable[HistoryRow],
) -> View:
    """A session that somebody goes on with; `last` had been there, at that time.

    `lives` says whether it lives on this host, and what its host is called; `told` is what the
    look at the world found, see `resumed_view`, and `recorded` what it wrote.

    Keys: session_id, name, version, last_actor, last_at, at_home, home, all of `told`, recorded.
    """
    actor, at = last
    at_home, home = lives
    return {
        "session_id": state.session_id,
        "name": state.name,
        "version": state.version,
        "last_actor": actor,
        "last_at": at.isoformat() if at else None,
        "at_home": at_home,
        "home": home,
        **told,
        "recorded": [row.view() for row in recorded],
    }


def unrecorded_view(state: SessionState, then: SessionState, world: World) -> View:
    """What a resume would record now; `then` is the state that it would lead to.

    Keys: inputs_changed, scripts_edited, modules_edited, inputs_first_seen (counts),
    pending_again, restored, configured (lists of nodes). Nodes of a run that is on are left to it.
    """
    planned = frozenset(state.running.plan.order) if state.running else frozenset()
    closed = state.phase is Phase.CLOSED
    changes = {
        node: facts.changes
        for node, facts in world.items()
        if facts.changes and not closed and node not in planned
    }
    differ = [node for node in state.nodes if state.nodes[node].state != then.nodes[node].state]
    back = [node for node in differ if then.nodes[node].state is not Lifecycle.PENDING]
    restored = [node for node in back if state.nodes[node].restores_to is not None]
    return {
        **_counts(state, changes),
        "pending_again": [node for node in differ if node not in back],
        "restored": [*restored],
        "configured": [node for node in back if node not in restored],
    }


_TOLD = (
    WorldChanged,
    NodeDiscovered,
    RequirementsRead,
    ScriptMarkedPending,
    ConfigurationRestored,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptExecuted,
)


def _nodes(
    told: dict[NodeName, list[Event]], kind: type[Event] | tuple[type[Event], ...]
) -> list[NodeName]:
    return [node for node, events in told.items() if any(isinstance(e, kind) for e in events)]


def _most_urgent(
    state: SessionState, told: Iterable[NodeName], pending: Iterable[NodeName]
) -> list[NodeName]:
    """Nodes in the order of the pipeline, those that need a person first."""
    first = frozenset(pending)
    named = first.union(told)
    listed = [node for node in state.nodes if node in named]
    return sorted(listed, key=lambda node: node not in first)


def _counts(
    state: SessionState, changes: Mapping[NodeName, Sequence[WorldChange]]
) -> dict[str, JsonValue]:
    """Inputs node by node; a script or module that several nodes run is edited once."""
    flat = [(node, change) for node, found in changes.items() for change in found]
    inputs = [change for _, change in flat if change.part == "input"]
    scripts = {
        there.script.path
        for node, change in flat
        if change.part == "script" and (there := state.nodes[node]).script is not None
    }
    return {
        "inputs_changed": sum(change.old is not None for change in inputs),
        "scripts_edited": len(scripts),
        "modules_edited": len({c.name for _, c in flat if c.part == "module"}),
        "inputs_first_seen": sum(change.old is None for change in inputs),
    }


def _still(state: SessionState, node: NodeName) -> str:
    """What a person is asked of a node that no look has anything new to say of."""
    if state.nodes[node].state is not Lifecycle.PENDING:
        return asked(state, node)[0]
    return f"still pending: {'; '.join(need.message for need in state.nodes[node].needs)}"


def _told_words(events: Iterable[Event]) -> str:
    return "; ".join(filter(None, map(_words, events)))


def _words(event: Event) -> str:
    match event:
        case WorldChanged():
            # What is missing is told by the needs of the node that is pending for it.
            return "; ".join(world_words(c) for c in event.changes if c.part != "missing")
        case NodeDiscovered():
            return "script found" if event.script is not None else "no script found"
        case RequirementsRead():
            return "" if event.because == "discovered" else f"read again ({event.because})"
        case ScriptMarkedPending():
            return f"pending: {'; '.join(need.message for need in event.needs)}"
        case ConfigurationRestored():
            return "restored: what was missing is back"
        case ScriptAutoConfigured():
            return "configured by itself"
        case ScriptConfigured():
            return "configured as it was"
        case ScriptExecuted():
            return f"attempt closed: {event.outcome}"
        case _:
            return ""
