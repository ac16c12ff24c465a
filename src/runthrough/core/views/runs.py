"""The runs of a session: one row each, and one of them with its results."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from runthrough.core.events import (
    DataFlowChecked,
    Event,
    EventEnvelope,
    RunCancelRequested,
    RunFinished,
    RunStarted,
    ScriptBlocked,
    ScriptExecuted,
    ScriptReused,
    ScriptStarted,
)
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, RecordedPath, RunId, Version
from runthrough.core.views.nodes import View
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.results import results_view

ON = "running"
"""What a run is called that is on, and a node whose script runs now."""


@dataclass(slots=True)
class RunTold:
    """What the log holds of one run."""

    started: RunStarted
    actor: str
    started_at: datetime
    begun: Version
    """Version of its first event."""
    version: Version
    """Version of its last event so far."""
    cancelled_by: str | None = None
    finished: RunFinished | None = None
    finished_at: datetime | None = None
    outcomes: dict[NodeName, str] = field(default_factory=dict)
    """Of each node that the run is through with."""
    open: dict[NodeName, None] = field(default_factory=dict)
    """Nodes whose script runs now."""
    seams: list[DataFlowChecked] = field(default_factory=list)

    def view(self) -> View:
        """The run in one row.

        Keys: run, status, actor, cancelled_by, started_at, finished_at, duration_s, host, runner,
        jobs, fail_fast, reuse, sagemaker; version of its last event; counts, outcome → nodes.
        """
        started, finished = self.started, self.finished
        duration_s = finished.summary.duration_s if finished else None
        ended_at = self.finished_at
        if finished is not None and finished.status == "interrupted" and duration_s:
            # Its end may have been recorded by somebody else, long after it.
            ended_at = self.started_at + timedelta(seconds=duration_s)
        return {
            "run": started.run,
            "status": finished.status if finished else ON,
            "actor": self.actor,
            "cancelled_by": self.cancelled_by,
            "started_at": self.started_at.isoformat(),
            "finished_at": ended_at.isoformat() if ended_at else None,
            "duration_s": duration_s,
            "host": started.holder.host_name or started.holder.host,
            "runner": started.runner,
            "jobs": started.jobs,
            "fail_fast": started.fail_fast,
            "reuse": started.reuse,
            "sagemaker": started.sagemaker,
            "version": self.version,
            "counts": dict(Counter(self._outcome(node) for node in started.plan.order)),
        }

    def results(
        self,
        state: SessionState,
        particulars: Particulars,
        *,
        locate: Callable[[RecordedPath], str],
        outdated: Sequence[View] = (),
    ) -> View:
        """The results in the shape of `views.results.results_view`, with the keys of `view`.

        `state` is the one as of the run's last event. While the run is on its status, and the
        outcome of a node whose script runs, is `running`.

        Raises:
            ValueError: The state knows of no run.
        """
        told = results_view(state, particulars, self.seams, locate=locate, outdated=outdated)
        outcomes = told["outcomes"]
        if isinstance(outcomes, dict):
            told["outcomes"] = {
                node: {**row, "outcome": self._outcome(NodeName(node))}
                if isinstance(row, dict)
                else row
                for node, row in outcomes.items()
            }
        return {**told, **self.view()}

    def _outcome(self, node: NodeName) -> str:
        return ON if node in self.open else self.outcomes.get(node, "not_run")


@dataclass(slots=True)
class RunsTold:
    """What the log holds of all runs of a session, oldest first; events are taken in order."""

    of: dict[RunId, RunTold] = field(default_factory=dict)

    def take(self, envelopes: Iterable[EventEnvelope]) -> None:
        """Fold events."""
        for envelope in envelopes:
            event = envelope.event
            if isinstance(event, RunStarted):
                self.of[event.run] = RunTold(
                    event,
                    envelope.metadata.actor,
                    envelope.metadata.recorded_at,
                    envelope.version,
                    envelope.version,
                )
                continue
            run = _run_of(event)
            told = None if run is None else self.of.get(run)
            if told is not None:
                told.version = envelope.version
                _note(told, envelope)

    def newest_first(self) -> tuple[RunTold, ...]:
        """The runs, the latest one first."""
        return tuple(reversed(self.of.values()))


def rows_of(runs: Iterable[RunTold]) -> list[JsonValue]:
    """One row a run; see `RunTold.view`."""
    return [run.view() for run in runs]


def _run_of(event: Event) -> RunId | None:
    """The run that an event is of."""
    match event:
        case (
            ScriptStarted()
            | ScriptExecuted()
            | ScriptReused()
            | ScriptBlocked()
            | DataFlowChecked()
            | RunCancelRequested()
            | RunFinished()
        ):
            return event.run
        case _:
            return None


def _note(told: RunTold, envelope: EventEnvelope) -> None:
    match envelope.event:
        case ScriptStarted() as event:
            told.open[event.node] = None
        case ScriptExecuted() as event:
            told.open.pop(event.node, None)
            told.outcomes[event.node] = event.outcome
        case ScriptReused() as event:
            told.outcomes[event.node] = "reused"
        case ScriptBlocked() as event:
            told.outcomes[event.node] = "blocked"
        case DataFlowChecked() as event:
            told.seams.append(event)
        case RunCancelRequested():
            told.cancelled_by = envelope.metadata.actor
        case RunFinished() as event:
            told.finished, told.finished_at = event, envelope.metadata.recorded_at
            told.open.clear()
        case _:
            pass
