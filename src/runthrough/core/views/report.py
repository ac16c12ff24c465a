"""A run as a report tells it: what every format of a report is made from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from runthrough.core.events import (
    DataFlowChecked,
    EventEnvelope,
    RunFinished,
    RunStarted,
    ScriptBlocked,
    ScriptExecuted,
    ScriptReused,
    ScriptStarted,
)
from runthrough.core.state import RunState, SessionState
from runthrough.core.values.ids import AttemptId, NodeName, RecordedPath
from runthrough.core.values.outcomes import Frame, ScriptError, WrittenOutput
from runthrough.core.values.paths import shown
from runthrough.core.views.nodes import View, connection_views, flat_values
from runthrough.core.views.particulars import Particulars

GOOD = frozenset({"passed", "reused"})
NOT_RUN = frozenset({"blocked", "not_run", "not_selected", "external", "running"})
"""What a node is called that has no outcome of its own in the run."""
FAILED = frozenset({"failed", "timed_out", "crashed", "lost"})
"""Outcomes of attempts that did not pass; one that a person cancelled has not failed."""

Locate = Callable[[RecordedPath], str]


@dataclass(slots=True)
class RunRecord:
    """What the log holds of a session's latest run; events are taken in order."""

    started: RunStarted | None = None
    finished_at: datetime | None = None
    version: int = 0
    """The session's version with the run's last event."""
    starts: dict[NodeName, datetime] = field(default_factory=dict)
    ends: dict[NodeName, datetime] = field(default_factory=dict)
    executed: dict[NodeName, ScriptExecuted] = field(default_factory=dict)
    reused: dict[NodeName, AttemptId] = field(default_factory=dict)
    seams: dict[tuple[NodeName, str], DataFlowChecked] = field(default_factory=dict)
    """By consumer and input."""
    passed: dict[NodeName, ScriptExecuted] = field(default_factory=dict)
    """Each node's last attempt that passed, in whatever run."""

    def take(self, envelopes: Iterable[EventEnvelope]) -> None:
        """Fold events; those of an earlier run give way to a later one's."""
        for envelope in envelopes:
            self._take(envelope)

    def _take(self, envelope: EventEnvelope) -> None:
        event, at = envelope.event, envelope.metadata.recorded_at
        match event:
            case RunStarted():
                self._begin(event)
            case ScriptStarted():
                self.starts[event.node] = at
            case ScriptExecuted():
                self.executed[event.node] = event
                self.ends[event.node] = at
                if event.outcome == "passed":
                    self.passed[event.node] = event
            case ScriptReused():
                self.reused[event.node] = event.attempt
            case DataFlowChecked():
                self.seams[event.node, event.edge.input] = event
            case RunFinished():
                self.finished_at = at
            case ScriptBlocked():
                pass  # the state keeps by whom
            case _:
                return
        self.version = envelope.version

    def _begin(self, event: RunStarted) -> None:
        self.started, self.finished_at = event, None
        for kept in (self.starts, self.ends, self.executed, self.reused, self.seams):
            kept.clear()


def report_view(
    state: SessionState, particulars: Particulars, record: RunRecord, *, locate: Locate
) -> View:
    """The last run, JSON-able; `state` is the one as of the run's last event.

    `locate` says where a recorded path lies. Times are ISO 8601 in UTC; `start_s` and `end_s`
    are seconds since the run began.

    Keys: pipeline, session, run, counts, selection, root_causes, nodes, edges, connections.

    Raises:
        ValueError: No run has been started.
    """
    run, started = state.run, record.started
    if run is None or started is None:
        raise ValueError("no run has been started")
    names = list(dict.fromkeys((*state.nodes, *run.plan.order)))
    ran = _Ran.of(state, run, names)
    nodes: list[JsonValue] = [
        _node(state, particulars, record, ran, node=node, locate=locate) for node in names
    ]
    outcomes = list(ran.outcomes.values())
    causes = [node for node, told in ran.outcomes.items() if told not in GOOD | NOT_RUN]
    return {
        "pipeline": state.pipeline.name,
        "session": {
            "session_id": state.session_id,
            "name": state.name,
            "version": state.version,
        },
        "run": _run(run, started, record),
        "counts": {told: outcomes.count(told) for told in dict.fromkeys(outcomes)},
        "selection": _selection(state, ran),
        "root_causes": [{"node": node, "blocked": [*ran.blocks.get(node, ())]} for node in causes],
        "nodes": nodes,
        "edges": [[above, node] for node in names for above in state.predecessors.get(node, ())],
        "connections": _connections(state, record),
    }


def _selection(state: SessionState, ran: "_Ran") -> View:
    """Keys: selected, scripts, failed_outside; external nodes run no script and do not count."""
    scripts = [node for node, told in ran.outcomes.items() if told != "external"]
    outside = [node for node in scripts if ran.outcomes[node] == "not_selected"]
    return {
        "selected": len(scripts) - len(outside),
        "scripts": len(scripts),
        "failed_outside": [node for node in outside if _last_outcome(state, node) in FAILED],
    }


def _last_outcome(state: SessionState, node: NodeName) -> str | None:
    """How the node's latest attempt ended, in whatever run."""
    there = state.nodes.get(node)
    return there.last.outcome if there is not None and there.last is not None else None


def _run(run: RunState, started: RunStarted, record: RunRecord) -> View:
    finished = record.finished_at
    if run.status == "interrupted" and run.summary is not None and run.summary.duration_s:
        # Its end may have been recorded by somebody else, long after it.
        finished = run.started_at + timedelta(seconds=run.summary.duration_s)
    return {
        "run": run.run,
        "status": run.status or "running",
        "actor": run.actor,
        "cancelled_by": run.cancelled_by,
        "started_at": run.started_at.isoformat(),
        "finished_at": finished.isoformat() if finished else None,
        "duration_s": run.summary.duration_s if run.summary else None,
        "host": run.holder.host_name or run.holder.host,
        "runner": run.runner,
        "jobs": started.jobs,
        "fail_fast": started.fail_fast,
        "reuse": run.reuse,
        "sagemaker": run.sagemaker,
    }


@dataclass(frozen=True, slots=True)
class _Ran:
    """What the run did with each node, gathered once."""

    run: RunState
    outcomes: Mapping[NodeName, str]
    reasons: Mapping[NodeName, Sequence[str]]
    """Why the plan had a node run."""
    blocked_by: Mapping[NodeName, Sequence[NodeName]]
    blocks: Mapping[NodeName, Sequence[NodeName]]
    """What each node's failure blocked."""

    @classmethod
    def of(cls, state: SessionState, run: RunState, names: Iterable[NodeName]) -> "_Ran":
        planned = {told.node: told.by for told in run.plan.blocked}
        order = frozenset(run.plan.order)
        blocks: dict[NodeName, list[NodeName]] = {}
        for node, by in run.blocked_by.items():
            for above in by:
                blocks.setdefault(above, []).append(node)

        def outcome(node: NodeName) -> str:
            there = state.nodes.get(node)
            if node in run.outcomes:
                return run.outcomes[node]
            if there is not None and there.external:
                return "external"
            if there is not None and there.running is not None and there.running.run == run.run:
                return "running"
            if node in planned:
                return "blocked"
            return "not_run" if node in order else "not_selected"

        return cls(
            run,
            outcomes={node: outcome(node) for node in names},
            reasons={told.node: told.reasons for told in run.plan.run},
            blocked_by=planned | run.blocked_by,
            blocks=blocks,
        )


def _node(
    state: SessionState,
    particulars: Particulars,
    record: RunRecord,
    ran: _Ran,
    *,
    node: NodeName,
    locate: Locate,
) -> View:
    there = state.nodes.get(node)
    executed = record.executed.get(node)
    serves = record.passed.get(node) if ran.outcomes[node] == "reused" else executed
    script = there.script if there else None
    values = flat_values(there, state.connections.get(node, {})) if there else {}
    return {
        "node": node,
        "outcome": ran.outcomes[node],
        "last_outcome": _last_outcome(state, node),
        "external": there.external if there else False,
        "script": script.name if script else None,
        "script_path": locate(script.path) if script else None,
        "configured_by": there.configured_by if there else None,
        "accepted_by": there.accepted_by if there else None,
        "reasons": list(ran.reasons.get(node, ())),
        "blocked_by": list(ran.blocked_by.get(node, ())),
        "reused_from": _reused_from(state, record, node),
        "start_s": _since(ran.run, record.starts.get(node)),
        "end_s": _since(ran.run, record.ends.get(node)),
        **end_view(executed, locate),
        "outputs": [_output(output) for output in serves.outputs] if serves else [],
        "values": values,
        "evidence": [
            one.model_dump(mode="json", exclude_none=True)
            for one in particulars.evidence.get(node, ())
        ],
    }


def _reused_from(state: SessionState, record: RunRecord, node: NodeName) -> View | None:
    """Keys: attempt, run, at, duration_s; of the attempt whose outputs served this run."""
    attempt, there = record.reused.get(node), state.nodes.get(node)
    if attempt is None:
        return None
    passed = there.passed if there else None
    known = passed if passed is not None and passed.attempt == attempt else None
    executed = record.passed.get(node)
    took_s = executed.duration_s if executed and executed.attempt == attempt else None
    return {
        "attempt": attempt,
        "run": known.run if known else None,
        "at": known.at.isoformat() if known else None,
        "duration_s": took_s,
    }


def _since(run: RunState, at: datetime | None) -> float | None:
    """Seconds since the run began; a clock that was set back never makes them negative."""
    return None if at is None else max(0.0, (at - run.started_at).total_seconds())


def end_view(executed: ScriptExecuted | None, locate: Locate) -> View:
    """How an attempt ended; null where none did.

    Keys: duration_s, exit_code, signal, peak_rss_bytes, cpu_s, error, log.
    """
    if executed is None:
        return {
            "duration_s": None,
            "exit_code": None,
            "signal": None,
            "peak_rss_bytes": None,
            "cpu_s": None,
            "error": None,
            "log": None,
        }
    return {
        "duration_s": executed.duration_s,
        "exit_code": executed.exit_code,
        "signal": executed.signal,
        "peak_rss_bytes": executed.peak_rss_bytes,
        "cpu_s": executed.cpu_s,
        "error": _error(executed.error) if executed.error else None,
        "log": _log(executed, locate),
    }


def _error(error: ScriptError) -> View:
    return {
        "kind": error.kind,
        "type": error.type,
        "message": error.message,
        "headline": error.headline,
        "hints": list(error.hints),
        "frames": [_frame(frame) for frame in error.frames],
    }


def _frame(frame: Frame) -> View:
    return {
        "file": frame.file,
        "line": frame.line,
        "function": frame.function,
        "source": list(frame.source),
        "in_library": frame.in_library,
    }


def _log(executed: ScriptExecuted, locate: Locate) -> View | None:
    log = executed.log
    if log is None:
        return None
    return {
        "stdout": locate(log.stdout),
        "stderr": locate(log.stderr),
        "stdout_tail": log.stdout_tail,
        "stderr_tail": log.stderr_tail,
        "stdout_bytes": log.stdout_bytes,
        "stderr_bytes": log.stderr_bytes,
    }


def _output(output: WrittenOutput) -> View:
    return {
        "name": output.name,
        "path": shown(output.path),
        "size_bytes": output.size_bytes,
        "format": output.format,
        "digest": output.digest,
    }


def _connections(state: SessionState, record: RunRecord) -> list[JsonValue]:
    """Each connection of the session, and below `check` what the run found at it."""
    told: list[JsonValue] = []
    for wire in connection_views(state):
        if wire["status"] == "proposed":
            continue
        seam = record.seams.get((NodeName(str(wire["node"])), str(wire["input"])))
        kept = ("node", "input", "from_node", "output", "subpath", "status", "reason")
        told.append({**{name: wire[name] for name in kept}, "check": _check(seam)})
    return told


def _check(seam: DataFlowChecked | None) -> View | None:
    if seam is None:
        return None
    result = seam.result
    return {
        "compatible": result.compatible,
        "issues": [
            {"severity": issue.severity, "message": issue.message, "fix": issue.fix}
            for issue in result.issues
        ],
        "format_written": result.format_written,
        "format_read": result.format_read,
        "rows": result.rows,
        "columns": list(result.columns) if result.columns is not None else None,
        "unchecked": result.unchecked,
    }


def durations(record: RunRecord) -> Mapping[NodeName, float]:
    """Seconds that each node's last passed attempt took."""
    return {node: attempt.duration_s for node, attempt in record.passed.items()}
