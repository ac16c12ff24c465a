"""The runs of a log, one row each."""

from datetime import timedelta

from tests.support.builders import STARTED_AT, envelope, envelopes
from tests.support.told_runs import executed, run_started, started

from runthrough.core.events import (
    NoteAdded,
    RunCancelRequested,
    RunFinished,
    ScriptBlocked,
    ScriptReused,
)
from runthrough.core.values.outcomes import RunSummary
from runthrough.core.views.runs import RunsTold, rows_of


def runs_in(*events):
    """The runs that a log of these events tells."""
    told = RunsTold()
    told.take(envelopes(events))
    return told


def finished(status, run="run-1", duration_s=0.5):
    """The end of a run."""
    return RunFinished(run=run, status=status, summary=RunSummary(duration_s=duration_s))


def test_a_run_is_told_by_its_own_events():
    """Its outcomes, its version and its end are those of its events, whatever lies between."""
    told = runs_in(
        run_started("run-1"),
        started("clean", "run-1"),
        executed("clean", "failed", "run-1"),
        ScriptBlocked(node="total", run="run-1", by=("clean",)),
        NoteAdded(text="meanwhile"),
        finished("failed"),
        NoteAdded(text="later"),
    )
    (row,) = rows_of(told.newest_first())
    assert (row["status"], row["version"], row["duration_s"]) == ("failed", 6, 0.5)
    assert row["counts"] == {"failed": 1, "blocked": 1, "not_run": 1}
    assert row["finished_at"] == (STARTED_AT + timedelta(seconds=6)).isoformat()


def test_runs_are_told_from_the_latest_on():
    """What one run did is none of another's."""
    told = runs_in(
        run_started("run-1"),
        executed("clean", "passed", "run-1"),
        finished("passed"),
        run_started("run-2"),
        ScriptReused(node="clean", run="run-2", attempt="attempt"),
        started("total", "run-2"),
    )
    second, first = told.newest_first()
    assert (second.started.run, first.started.run) == ("run-2", "run-1")
    assert second.view()["counts"] == {"reused": 1, "running": 1, "not_run": 1}
    assert (second.view()["status"], second.view()["finished_at"]) == ("running", None)
    assert first.view()["counts"] == {"passed": 1, "not_run": 2}


def test_nothing_runs_any_more_once_a_run_is_over():
    """An attempt whose end nobody wrote does not count as running for ever."""
    told = runs_in(run_started("run-1"), started("clean", "run-1"), finished("interrupted"))
    assert told.of["run-1"].view()["counts"] == {"not_run": 3}


def test_an_interrupted_run_ended_when_its_tester_died():
    """Somebody may have closed it long after; how long it lived is what counts."""
    told = runs_in(
        run_started("run-1"),
        *(NoteAdded(text="a day") for _ in range(20)),
        finished("interrupted", duration_s=2.0),
    )
    row = told.of["run-1"].view()
    begun_at = STARTED_AT + timedelta(seconds=1)
    assert row["started_at"] == begun_at.isoformat()
    assert row["finished_at"] == (begun_at + timedelta(seconds=2)).isoformat()


def test_who_ended_a_run_is_told():
    """The actor of the request, not of the run."""
    told = RunsTold()
    told.take((envelope(run_started("run-1"), 1), envelope(finished("cancelled"), 3)))
    assert told.of["run-1"].view()["cancelled_by"] is None
    told.take((envelope(RunCancelRequested(run="run-1"), 2, actor="bob"),))
    assert told.of["run-1"].view()["cancelled_by"] == "bob"
    assert told.of["run-1"].view()["actor"] == "ann"


def test_events_of_a_run_that_is_not_in_the_log_are_passed_over():
    """A log that begins later than a run, as that of a fork may, tells nothing of it."""
    told = runs_in(executed("clean", "passed", "run-0"), finished("passed", "run-0"))
    assert told.newest_first() == ()
