"""History for readers: each event as a sentence, with what it changed from and to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import assert_never, get_args

from pydantic import JsonValue

from runthrough.core.events import (
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
    Event,
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
    subject_of,
)
from runthrough.core.evolve import evolve
from runthrough.core.evolve.actions import redone_undo
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import HostId, NodeName, Version
from runthrough.core.values.outcomes import SeamResult
from runthrough.core.values.paths import shown
from runthrough.core.views.about import nodes_of
from runthrough.core.views.changes import world_words
from runthrough.core.views.need_words import needs_words
from runthrough.core.views.nodes import node_values
from runthrough.core.views.session_values import session_values
from runthrough.core.views.value_words import differing


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One event as a reader sees it."""

    position: int
    version: int
    type: str
    node: NodeName | None
    actor: str
    door: str
    host: HostId
    """On which it was done; ids tell apart what goes by one name."""
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
            "host": self.host,
            "recorded_at": self.recorded_at.isoformat(),
            "sentence": self.sentence,
            "before": dict(self.before),
            "after": dict(self.after),
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; what is left out narrows nothing."""

    node: NodeName | None = None
    actor: str | None = None
    type: str | None = None
    since: int = 1
    """The first version."""
    since_at: datetime | None = None
    """The first moment; aware."""

    def fits(self, envelope: EventEnvelope) -> bool:
        """Whether an event is asked for."""
        return (
            envelope.version >= self.since
            and (self.actor is None or envelope.metadata.actor == self.actor)
            and (self.type is None or envelope.event.type == self.type)
            and (self.since_at is None or envelope.metadata.recorded_at >= self.since_at)
            and (self.node is None or self.node in nodes_of(envelope.event))
        )


EVERYTHING = Wanted()


def event_types() -> tuple[str, ...]:
    """The names of all kinds of events, in the order in which they are documented."""
    return tuple(kind.__name__ for kind in get_args(get_args(Event)[0]))


def history(
    envelopes: Iterable[EventEnvelope], state: SessionState, wanted: Wanted = EVERYTHING
) -> Iterator[HistoryRow]:
    """A row for each event that is wanted; `state` is the one before the first and is folded on.

    Values are compared only around the events that are wanted: that costs more than the fold.
    """
    for _, command in groupby(envelopes, key=lambda envelope: envelope.metadata.command_id):
        for envelope in command:
            if isinstance(envelope.event, ConfigurationReverted):
                rest = list(command)  # noqa: B031 - what is left of it, and read once
                yield from _reverted([envelope, *rest], state, wanted)
            elif not wanted.fits(envelope):
                evolve(state, envelope)
            else:
                nodes, node = _told_nodes(envelope, wanted), subject_of(envelope.event)
                before = _values(state, nodes, node)
                evolve(state, envelope)
                yield _row(envelope, sentence(envelope.event), before, _values(state, nodes, node))


def _told_nodes(envelope: EventEnvelope, wanted: Wanted) -> tuple[NodeName, ...]:
    return (wanted.node,) if wanted.node is not None else nodes_of(envelope.event)


def _row(
    envelope: EventEnvelope,
    told: str,
    before: Mapping[str, JsonValue],
    after: Mapping[str, JsonValue],
) -> HistoryRow:
    changed = sorted(differing(before, after))
    return HistoryRow(
        position=envelope.position,
        version=envelope.version,
        type=envelope.event.type,
        node=subject_of(envelope.event),
        actor=envelope.metadata.actor,
        door=envelope.metadata.door,
        host=envelope.metadata.host,
        recorded_at=envelope.metadata.recorded_at,
        sentence=told,
        before={name: before[name] for name in changed if name in before},
        after={name: after[name] for name in changed if name in after},
    )


def _reverted(
    command: Sequence[EventEnvelope], state: SessionState, wanted: Wanted
) -> Iterator[HistoryRow]:
    """Rows of an undo, or a redo: its first tells what all of it changed, the others nothing more.

    For what is cleared and set again is no change. Where the first is not asked for, each of the
    others has what came of its own nodes.
    """
    first = command[0]
    every = dict.fromkeys(node for envelope in command for node in nodes_of(envelope.event))
    asked = {e.version: _told_nodes(e, wanted) for e in command}
    if wanted.node is None:
        asked[first.version] = tuple(every)
    subjects = {e.version: subject_of(e.event) for e in command}
    before = {v: _values(state, nodes, subjects[v]) for v, nodes in asked.items()}
    again = redone_undo(state, first.event)
    for envelope in command:
        evolve(state, envelope)
    is_told = wanted.fits(first)
    for envelope in filter(wanted.fits, command):
        then = before[envelope.version]
        after = _values(state, asked[envelope.version], subjects[envelope.version])
        told = _reverting_words(envelope.event, again)
        yield _row(envelope, told, then, then if is_told and envelope is not first else after)


def _reverting_words(event: Event, again: Version | None) -> str:
    """What the events of an undo, or of a redo of the undo `again`, are called."""
    if isinstance(event, ConfigurationReverted) and again is not None:
        nodes = ", ".join(event.nodes) or "nothing"
        return f"did again what version {again} had taken back: {nodes}"
    if isinstance(event, PipelineChanged):
        return f"the pipeline is as it was then: {_pipeline_words(event)}"
    return sentence(event)


def _values(
    state: SessionState, nodes: tuple[NodeName, ...], subject: NodeName | None
) -> dict[str, JsonValue]:
    """What a person sees of nodes, flat; of other nodes than the event's own with their names."""
    if not nodes:
        return session_values(state)
    flat: dict[str, JsonValue] = {}
    for node in nodes:
        told = node_values(state, node)
        flat |= told if node == subject else {f"{node}.{n}": value for n, value in told.items()}
    return flat


def _source(
    event: ConnectionProposed
    | ConnectionAccepted
    | ConnectionConfirmed
    | ConnectionRejected
    | ConnectionRemoved,
) -> str:
    return str(Output(event.from_node, event.output, event.subpath))


def _whole(event: ConnectionRejected) -> str:
    """What is not proposed again: of an output no part, whatever sub-folder was."""
    whole = f"{event.from_node}.{event.output}"
    return f"{whole}, nor by any sub-folder of it" if event.subpath else whole


def sentence(event: Event) -> str:  # noqa: C901, PLR0912, PLR0915 - one case an event
    """One event in the words of a reader."""
    match event:
        case SessionStarted():
            return f"started {event.name} on pipeline {event.pipeline.name}"
        case SessionForked():
            return f"forked {event.name} from version {event.at} of {event.parent}"
        case SessionImported():
            part = "" if event.origin.whole else ", as far as a fork needs it"
            return (
                f"imported from an export of {event.origin.exported_at:%Y-%m-%d %H:%M} UTC{part}"
            )
        case SessionRenamed():
            return f"renamed the session {event.name}"
        case SessionClosed():
            return "closed the session"
        case SessionReopened():
            return "reopened the session"
        case SessionArchived():
            return "archived the session"
        case HomeMoved():
            return f"moved the session to {event.home.name or event.home.host}"
        case NoteAdded():
            return f"noted: {' '.join(event.text.split())}"
        case VersionApproved():
            return f"approved version {event.version} ({len(event.fingerprints)} nodes passed)"
        case PipelineChanged():
            return f"updated the pipeline: {_pipeline_words(event)}"
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
        case ConnectionConfirmed(adjusted=True):
            return f"{event.node}.{event.input} is fed by {_source(event)}: {event.reason}"
        case ConnectionConfirmed():
            return f"connected {event.node}.{event.input} to {_source(event)}"
        case ConnectionRejected():
            return f"{event.node}.{event.input} is not fed by {_whole(event)}: {event.reason}"
        case ConnectionRemoved():
            return f"{event.node}.{event.input} left {_source(event)}: {event.reason}"
        case ScriptAutoConfigured():
            return f"{event.node} needs no person"
        case ScriptMarkedPending(needs=()):
            return f"{event.node}: what was known is kept"
        case ScriptMarkedPending():
            return f"{event.node} waits for a person: {needs_words(event.needs)}"
        case ConfigurationDrafted(needs=()):
            return f"{event.node}: what was answered is kept"
        case ConfigurationDrafted():
            return f"answered {event.node} in part; missing: {needs_words(event.needs)}"
        case ScriptConfigured():
            if event.adjusted:
                return f"{event.node} stays configured"
            return f"configured {event.node}"
        case ConfigurationRejected():
            return f"{event.node} was rejected: {_listed(p.message for p in event.problems)}"
        case ConfigurationCleared():
            return f"cleared {event.node}"
        case ConfigurationRestored():
            return f"{event.node}: what was missing is back"
        case ConfigurationReverted():
            nodes = ", ".join(event.nodes) or "nothing"
            return f"went back to the configuration of version {event.to_version}: {nodes}"
        case WorldChanged():
            return f"{event.node}: {_listed(map(world_words, event.changes))}"
        case RunStarted():
            planned = len(event.plan.order)
            return (
                f"started a run of {planned} {'node' if planned == 1 else 'nodes'} "
                f"({len(event.plan.run)} to run)"
            )
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
        case ReuseAccepted(taken_back=True):
            return f"{event.node} is no longer accepted as unchanged"
        case ReuseAccepted():
            return f"accepted {event.node} as unchanged"
        case RunCancelRequested():
            return "asked that the run be ended"
        case RunFinished():
            return f"the run {event.status} after {event.summary.duration_s:.2f} s"
        case CommandRefused():
            return f"{event.command} was refused: {_first_line(event.message)}"
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


def _first_line(message: str) -> str:
    """The beginning of a message; where it only leads to a list, the list as well."""
    first, *others = message.splitlines() or [""]
    if not first.endswith(":"):
        return first
    listed = [line.strip().removeprefix("- ") for line in others]
    return " ".join([first, "; ".join(line for line in listed if line)]).strip().rstrip(":")


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _pipeline_words(event: PipelineChanged) -> str:
    """What became of the nodes."""
    renamed = [f"{old} → {new}" for old, new in event.renamed.items()]
    parts = (
        ("added", event.added),
        ("removed", event.removed),
        ("renamed", renamed),
        ("changed", event.changed),
    )
    return (
        "; ".join(f"{verb} {', '.join(names)}" for verb, names in parts if names)
        or "all nodes as they were"
    )
