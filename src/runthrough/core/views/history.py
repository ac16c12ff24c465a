"""History for readers: each event as a sentence, with what it changed from and to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from pydantic import JsonValue

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
    Event,
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
    subject_of,
)
from runthrough.core.evolve import evolve
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName
from runthrough.core.values.outcomes import SeamResult
from runthrough.core.values.paths import shown
from runthrough.core.views.nodes import flat_values


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One event as a reader sees it."""

    position: int
    version: int
    type: str
    node: NodeName | None
    actor: str
    door: str
    recorded_at: datetime
    sentence: str
    before: Mapping[str, JsonValue]
    """Values that the event changed, as they were; dotted names."""
    after: Mapping[str, JsonValue]
    """The same values as they are since."""

    def view(self) -> dict[str, JsonValue]:
        """The row as a mapping with the fields' names, the time in ISO 8601."""
        return {
            "position": self.position,
            "version": self.version,
            "type": self.type,
            "node": self.node,
            "actor": self.actor,
            "door": self.door,
            "recorded_at": self.recorded_at.isoformat(),
            "sentence": self.sentence,
            "before": dict(self.before),
            "after": dict(self.after),
        }


def history(envelopes: Iterable[EventEnvelope], state: SessionState) -> Iterator[HistoryRow]:
    """A row for each event; `state` is the one before the first of them and is folded on."""
    for envelope in envelopes:
        node = subject_of(envelope.event)
        before = _values(state, node)
        evolve(state, envelope)
        after = _values(state, node)
        changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        yield HistoryRow(
            position=envelope.position,
            version=envelope.version,
            type=envelope.event.type,
            node=node,
            actor=envelope.metadata.actor,
            door=envelope.metadata.door,
            recorded_at=envelope.metadata.recorded_at,
            sentence=sentence(envelope.event),
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed if name in after},
        )


def _values(state: SessionState, node: NodeName | None) -> dict[str, JsonValue]:
    """What a person configured of a node, flat, with its state."""
    there = state.nodes.get(node) if node is not None else None
    if node is None or there is None:
        return {"phase": state.phase.value} if state.version else {}
    connections = state.connections.get(node, {})
    return {"state": there.state.value if there.state else None, **flat_values(there, connections)}


def _source(
    event: ConnectionProposed
    | ConnectionAccepted
    | ConnectionConfirmed
    | ConnectionRejected
    | ConnectionRemoved,
) -> str:
    return str(Output(event.from_node, event.output, event.subpath))


def sentence(event: Event) -> str:  # noqa: C901, PLR0912 - one case an event, closed by assert_never
    """One event in the words of a reader."""
    match event:
        case SessionStarted():
            return f"started {event.name} on pipeline {event.pipeline.name}"
        case SessionClosed():
            return "closed the session"
        case SessionReopened():
            return "reopened the session"
        case NodeDiscovered():
            where = shown(event.script.path) if event.script else "no script"
            return f"{event.node}: found {where}"
        case RequirementsRead():
            return f"{event.node}: read {len(event.requirements.needs)} needs ({event.because})"
        case ScriptBound():
            return f"{event.node}: bound {shown(event.script.path)}"
        case NodeMarkedExternal():
            return f"{event.node} stands for something outside"
        case NodeMarkedInternal():
            return f"{event.node} runs a script again"
        case ConnectionProposed():
            return f"{event.node}.{event.input} may be fed by {_source(event)}: {event.reason}"
        case ConnectionAccepted():
            return f"{event.node}.{event.input} is fed by {_source(event)}: {event.reason}"
        case ConnectionConfirmed():
            return f"connected {event.node}.{event.input} to {_source(event)}"
        case ConnectionRejected():
            return f"{event.node}.{event.input} is not fed by {_source(event)}: {event.reason}"
        case ConnectionRemoved():
            return f"{event.node}.{event.input} left {_source(event)}: {event.reason}"
        case ScriptAutoConfigured():
            return f"{event.node} needs no person"
        case ScriptMarkedPending():
            return f"{event.node} needs a person: {_listed(n.message for n in event.needs)}"
        case ConfigurationDrafted():
            return f"answered {event.node} in part; missing: " + _listed(
                need.message for need in event.needs
            )
        case ScriptConfigured():
            return f"configured {event.node}"
        case ConfigurationRejected():
            return f"{event.node} was rejected: {_listed(p.message for p in event.problems)}"
        case ConfigurationCleared():
            return f"cleared {event.node}"
        case ConfigurationRestored():
            return f"{event.node}: what was missing is back"
        case WorldChanged():
            return f"{event.node}: {_listed(f'{c.name}: {c.new}' for c in event.changes)}"
        case RunStarted():
            return f"started a run of {len(event.plan.order)} nodes ({len(event.plan.run)} to run)"
        case ScriptStarted():
            return f"{event.node} started"
        case ScriptExecuted():
            why = f": {event.error.headline}" if event.error else ""
            outcome = event.outcome.replace("_", " ")
            if event.outcome == "lost":  # nobody was there to take the time
                return f"{event.node} was lost with its tester{why}"
            return f"{event.node} {outcome} after {event.duration_s:.2f} s{why}"
        case ScriptReused():
            return f"{event.node} is unchanged and was reused"
        case ScriptBlocked():
            return f"{event.node} did not run: {', '.join(event.by)} did not pass"
        case DataFlowChecked():
            edge = event.edge
            ends = f"{edge.from_node}.{edge.output}", f"{event.node}.{edge.input}"
            return _checked(event.result).format(*ends)
        case ReuseAccepted():
            return f"accepted {event.node} as unchanged"
        case RunCancelRequested():
            return "asked that the run be ended"
        case RunFinished():
            return f"the run {event.status} after {event.summary.duration_s:.2f} s"
        case CommandRefused():
            return f"{event.command} was refused: {next(iter(event.message.splitlines()), '')}"
        case _:
            assert_never(event)


def _checked(result: SeamResult) -> str:
    """What was found at a connection; nobody is told that something fits which was not judged."""
    if not result.compatible:
        return "{} does not fit {}"
    if result.issues:
        return "{} may not fit {}"
    if result.format_read is None or result.unchecked is not None:
        return "{} was handed to {} (not judged)"
    return "{} fits {}"


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(texts)
