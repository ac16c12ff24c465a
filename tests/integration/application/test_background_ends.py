"""How a process stops whose runs are on, and what becomes of runs that fail by our fault."""

import threading

import pytest
from tests.support.driven import hangs_at, opening, over, release
from tests.support.handling import FaultyStore, Recorded
from tests.support.hanging import HANGS, WRITES, alive, hanging, quick, ran
from tests.support.scripts import until
from tests.support.stored import memory_stores
from tests.support.testers import configured

from runthrough.adapters.runners.process import ProcessRunner
from runthrough.application.background import BackgroundRuns
from runthrough.application.watching import LOG_LOOK_S, OUT_OF_TOUCH_S
from runthrough.application.wishes import RunWish
from runthrough.errors import (
    RunnerUnavailableError,
)

LONG_S = 60.0


@pytest.fixture
def stores():
    """In memory: what is tried here does not hang on where events are kept."""
    return memory_stores()


@pytest.fixture
def lines():
    return Recorded()


@pytest.fixture
def runs(lines):
    """What a service drives; nothing of it is left behind a test."""
    driving = BackgroundRuns(log=lines)
    yield driving
    assert driving.stop(0.0)


def threads():
    return {thread for thread in threading.enumerate() if thread.name == "runthrough-run"}


# ---- the process stops


def stopping(runs, grace_s):
    """The thread in which the process stops; the runs that are on hear of it."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(runs.stop(grace_s)))
    thread.start()

    def refused():
        with pytest.raises(RunnerUnavailableError, match="stops"):
            runs.start(pytest.fail, RunWish())
        return True

    until(lambda: runs.stopping, "it stops")
    refused()
    return thread, ended


def test_scripts_that_run_may_end_in_the_grace(studio, runs):
    """Nothing is started behind them, the run is interrupted, and goes on from there."""
    studio.place.script("hangs", HANGS)
    studio.place.script("later", WRITES)
    session = studio.start("hangs", "later", edges=[("hangs", "later")])
    hold = str(studio.place.file("hold", ""))
    configured(session, "hangs", job_args={"ran": str(ran(studio, "hangs")), "hold": hold})
    configured(session, "later", job_args={"ran": str(ran(studio, "later"))})
    runs.start(opening(studio), RunWish())
    hangs_at(studio)
    thread, ended = stopping(runs, LONG_S)
    release(studio)
    thread.join()
    assert ended == [True]
    assert studio.ends() == [("hangs", "passed")]
    assert studio.statuses() == ["interrupted"]
    assert not ran(studio, "later").exists()
    assert not threads()
    session.run()
    assert studio.ends() == [("hangs", "passed"), ("later", "passed")]


def test_a_run_that_comes_to_its_end_in_the_grace_went_as_it_did(studio, runs, lines):
    """Nothing of it was left, so nothing was interrupted, and nothing is told."""
    hanging(studio)
    runs.start(opening(studio), RunWish())
    hangs_at(studio)
    thread, _ = stopping(runs, LONG_S)
    release(studio)
    thread.join()
    assert studio.statuses() == ["passed"]
    assert lines.lines == []


def test_scripts_are_ended_when_the_grace_is_over(studio, runs, lines):
    """Every attempt has its outcome, and neither a process nor a thread is left; that is told."""
    hanging(studio, "quick")
    runs.start(opening(studio), RunWish(jobs=2))
    pid = hangs_at(studio)
    until(lambda: ("quick", "passed") in studio.ends(), "the quick one has ended")
    assert runs.stop(0.0)
    assert not alive(pid)
    assert not threads()
    assert studio.ends() == [("quick", "passed"), ("hangs", "cancelled")]
    assert studio.statuses() == ["interrupted"]
    assert studio.enter().state.running is None
    assert ["was interrupted" in values["failed"] for _, values in lines.lines] == [True]


def test_a_second_word_ends_the_grace(studio, runs):
    """Who is told twice to stop does not wait for the scripts any more."""
    hanging(studio)
    runs.start(opening(studio), RunWish())
    pid = hangs_at(studio)
    thread, ended = stopping(runs, LONG_S)
    assert runs.stop(0.0)
    thread.join()
    assert ended == [True]
    assert not alive(pid)
    assert studio.statuses() == ["interrupted"]


def test_a_run_can_be_cancelled_in_the_grace(studio, runs):
    """A person need not wait for scripts that nobody wants; the run is `cancelled` then."""
    hanging(studio)
    runs.start(opening(studio), RunWish())
    pid = hangs_at(studio)
    thread, _ = stopping(runs, LONG_S)
    studio.enter("bob").cancel()
    studio.watch.pass_by(LOG_LOOK_S)
    thread.join()
    assert not alive(pid)
    assert studio.statuses() == ["cancelled"]


# ---- faults


class Broken(ProcessRunner):
    """A runner with a fault of ours."""

    def submit(self, request):
        raise ZeroDivisionError(f"of {request.node}")


def test_a_fault_of_ours_is_told_once_and_leaves_the_run_interrupted(studio, runs, lines):
    """The log holds where it happened, the thread says nothing more, and the session goes on."""
    session = quick(studio, "one")
    run = runs.start(opening(studio, runner=Broken), RunWish())
    over(runs)
    (line,) = [values for event, values in lines.lines if event == "background_run"]
    assert line["correlation_id"] == run
    assert "ZeroDivisionError" in line["fault"]
    assert "test_background_ends.py" in line["fault"]
    assert "failed" not in line
    assert studio.statuses() == ["interrupted"]
    assert studio.ends() == [("one", "cancelled")]
    session.run()
    assert studio.statuses() == ["interrupted", "passed"]


class Lost(FaultyStore):
    """A store that goes and comes back."""

    def version_at(self, session_id, *, at):
        self._fail("read")
        return self._store.version_at(session_id, at=at)


def test_a_run_that_lost_the_store_is_closed_when_that_is_back(studio, runs, lines):
    """Nobody else could: the process that holds the run lives."""
    hanging(studio)
    store = Lost(studio.stores.events)
    runs.start(opening(studio, store=store), RunWish())
    hangs_at(studio)
    store.lost = True
    studio.watch.pass_by(OUT_OF_TOUCH_S)
    until(lambda: any(e == "background_run" for e, _ in lines.lines), "the run is given up")
    assert studio.statuses() == []
    store.lost = False
    over(runs)
    assert studio.statuses() == ["interrupted"]
    assert studio.enter().state.running is None
