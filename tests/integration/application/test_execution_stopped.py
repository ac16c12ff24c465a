"""Runs that are cancelled, interrupted or stopped by a failure, and what a retry then takes."""

import pytest
from tests.support.handling import FaultyStore
from tests.support.hanging import HANGS, WRITES, alive, hanging, on, quick, ran
from tests.support.scripts import has_content, until
from tests.support.stored import memory_stores
from tests.support.testers import Machine, configured, outcomes

from runthrough.application.taking_over import LEASE_S
from runthrough.application.watching import LOG_LOOK_S, OUT_OF_TOUCH_S
from runthrough.errors import (
    CommandRefusedError,
    NothingToRetryError,
    RunInProgressError,
    StoreUnavailableError,
)

STARTS_ANOTHER = """
import os
import signal
import subprocess
import sys
from pathlib import Path

IGNORES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"


def main(input_paths, output_paths, environ_vars, job_args):
    other = subprocess.Popen([sys.executable, "-c", IGNORES], start_new_session=True)
    Path(job_args.ran).write_text(f"{os.getpid()} {other.pid}")
    signal.pause()
"""
FAILS_BESIDE = """
import time
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    limit = time.monotonic() + 20
    while not (Path(job_args.beside).exists() and Path(job_args.beside).read_text()):
        assert time.monotonic() < limit, "nothing runs beside it"
        time.sleep(0.005)
    raise LookupError("on purpose")
"""
FAILS_WHEN_TOLD = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    with Path(job_args.ran).open("a") as ran:
        ran.write(environ_vars["MODE"])
    if environ_vars["MODE"] == "bad":
        raise LookupError("on purpose")
    Path(output_paths["out"]).write_text("x")
"""
BESIDE = Machine(pid=2, living={1, 2})
"""Another process of the same host."""


@pytest.fixture
def stores():
    """In memory: what is tried here does not hang on where events are kept."""
    return memory_stores()


class OnceTheyRun:
    """A person who presses Ctrl-C once when the scripts of some nodes run."""

    def __init__(self, *files):
        self._files = files
        self.draining = False
        self.heard = False
        self.heard_once = False

    @property
    def asked(self):
        """Whether they run by now."""
        self.heard_once |= self.heard
        return all(has_content(file) for file in self._files)


def cancel_beside(studio, file):
    """A listener that lets another person cancel the run once a script has written its pid."""

    def cancel(event):
        until(lambda: has_content(file), "the script runs")
        studio.enter("bob", hosts=BESIDE).cancel()
        studio.watch.pass_by(LOG_LOOK_S)

    return cancel


def pids(file):
    return [int(pid) for pid in file.read_text().split()]


# ---- somebody cancels


def test_a_cancelled_run_ends_its_scripts_and_all_that_they_started(studio):
    """Also a grandchild in a session of its own that ignores SIGTERM."""
    session = hanging(studio, "quick", "later")
    studio.place.script("hangs", STARTS_ANOTHER)
    told = on("ScriptExecuted", cancel_beside(studio, ran(studio, "hangs")), node="quick")
    session.run(["hangs", "quick"], jobs=2, told=told)
    for pid in pids(ran(studio, "hangs")):
        until(lambda pid=pid: not alive(pid), "the script and its child have ended")


def test_a_cancelled_run_says_so_and_starts_nothing_more(studio):
    """Its status is `cancelled`, what ran is `cancelled`, and what was to come did not run."""
    session = hanging(studio, "quick", "later")
    told = on("ScriptExecuted", cancel_beside(studio, ran(studio, "hangs")), node="quick")
    results = session.run(jobs=2, told=told)
    assert studio.statuses() == ["cancelled"]
    assert studio.ends() == [("quick", "passed"), ("hangs", "cancelled")]
    assert not ran(studio, "later").exists()
    assert results["pipeline_success"] is False
    assert session.state.run.cancelled_by == "bob"
    assert session.state.run.summary.not_run == ("later",)


def test_a_session_goes_on_after_its_run_was_cancelled(studio):
    """The same tester runs again, and completes; nothing of the old request is left over."""
    session = hanging(studio, "quick")
    told = on("ScriptExecuted", cancel_beside(studio, ran(studio, "hangs")), node="quick")
    session.run(jobs=2, told=told)
    (studio.place.folder / "hold").unlink()
    assert outcomes(session.run()) == {"hangs": "passed", "quick": "reused"}
    assert studio.statuses() == ["cancelled", "passed"]


def test_a_run_can_be_cancelled_from_another_host(studio):
    """The request goes by the log, so that it does not matter where the tester is."""
    session = hanging(studio, "quick")

    def cancel(event):
        until(lambda: has_content(ran(studio, "hangs")), "the script runs")
        studio.enter("bob", hosts=Machine(host="host-2", pid=2, living={2})).cancel()
        studio.watch.pass_by(LOG_LOOK_S)

    session.run(jobs=2, told=on("ScriptExecuted", cancel, node="quick"))
    assert studio.statuses() == ["cancelled"]


def test_where_no_run_is_on_nothing_is_cancelled(studio):
    """It is refused, and the refusal recorded."""
    session = hanging(studio)
    with pytest.raises(CommandRefusedError, match="No run is on"):
        session.cancel()
    assert [refused.code for refused in studio.events("CommandRefused")] == ["REFUSED"]
    assert studio.events("RunCancelRequested") == []


def test_a_run_whose_tester_is_gone_cannot_be_cancelled(studio):
    """Nobody would hear of it: the refusal names what closes the run."""
    session = hanging(studio, "quick")
    refused = []

    def try_it(event):
        gone = studio.enter("bob", hosts=Machine(pid=2, living={2}))
        with pytest.raises(CommandRefusedError, match=r"is gone.*\n.*runthrough resume") as error:
            gone.cancel()
        refused.append(error.value)
        (studio.place.folder / "hold").unlink()

    session.run(told=on("ScriptStarted", try_it))
    assert len(refused) == 1
    assert studio.events("RunCancelRequested") == []
    assert [event.code for event in studio.events("CommandRefused")] == ["REFUSED"]


def test_a_run_of_another_host_without_a_sign_of_life_cannot_be_cancelled(studio):
    """Its lease is over, so nobody would hear of it there."""
    session = hanging(studio)
    refused = []

    def try_it(event):
        studio.watch.pass_by(LEASE_S)
        with pytest.raises(CommandRefusedError, match="is gone") as error:
            studio.enter("bob", hosts=Machine(host="host-2", pid=2, living={2})).cancel()
        refused.append(error.value)
        (studio.place.folder / "hold").unlink()

    session.run(told=on("ScriptStarted", try_it))
    assert len(refused) == 1
    assert studio.statuses() == ["passed"]


def test_a_run_that_this_process_gave_up_cannot_be_cancelled(studio):
    """Its own pid lives, and yet nobody drives the run; resuming closes it."""
    quick(studio, "a")
    store = FaultyStore(studio.stores.events)

    def lose(event):
        store.lost = True

    with pytest.raises(StoreUnavailableError):
        studio.enter("ann", store=store).run(told=on("ScriptStarted", lose))
    session = studio.enter("ann")
    with pytest.raises(CommandRefusedError, match="runthrough resume"):
        session.cancel()
    session.resume()
    assert studio.statuses() == ["interrupted"]


# ---- the log cannot be read for a while


def out_of_touch(studio, seconds, times=1):
    """A session whose store cannot be read at its next looks, and a listener that lets them be."""
    hanging(studio, "quick")
    store = FaultyStore(studio.stores.events)
    session = studio.enter("ann", store=store)

    def lose(event):
        until(lambda: has_content(ran(studio, "hangs")), "the script runs")
        store.faults += ["read"] * times
        studio.watch.pass_by(seconds)
        (studio.place.folder / "hold").unlink()

    return session, on("ScriptExecuted", lose, node="quick")


def test_a_log_that_cannot_be_read_for_a_moment_ends_no_script(studio):
    """The lease keeps others away meanwhile, and the next look may succeed."""
    session, told = out_of_touch(studio, LOG_LOOK_S)
    assert outcomes(session.run(jobs=2, told=told)) == {"hangs": "passed", "quick": "passed"}


def test_a_log_that_cannot_be_read_for_long_ends_the_run(studio):
    """Before its lease is over: then another host may run the same scripts."""
    session, told = out_of_touch(studio, OUT_OF_TOUCH_S, times=2)
    with pytest.raises(StoreUnavailableError):
        session.run(jobs=2, told=told)
    assert OUT_OF_TOUCH_S < LEASE_S
    assert studio.enter("ann").resume()
    assert studio.statuses() == ["interrupted"]


# ---- Ctrl-C at the terminal


def test_an_interruption_ends_all_that_runs(studio):
    """Two scripts at once; both are ended and reported, and nothing more starts."""
    session = hanging(studio, "also", "later")
    studio.place.script("also", HANGS)
    hold = str(studio.place.folder / "hold")
    configured(session, "also", job_args={"ran": str(ran(studio, "also")), "hold": hold})
    interruption = OnceTheyRun(ran(studio, "hangs"), ran(studio, "also"))
    session.run(jobs=2, interruption=interruption)
    assert sorted(studio.ends()) == [("also", "cancelled"), ("hangs", "cancelled")]
    assert studio.statuses() == ["interrupted"]
    assert not ran(studio, "later").exists()


def test_an_interruption_is_heard_only_while_a_run_is_on(studio):
    """Whoever hears Ctrl-C knows by it whether the run ends by itself."""
    session = hanging(studio)
    interruption = OnceTheyRun(ran(studio, "hangs"))
    assert not interruption.heard
    session.run(interruption=interruption)
    assert interruption.heard_once
    assert not interruption.heard


# ---- the first failure ends the rest


def failing_beside(studio):
    """A node that hangs, one that fails once the other runs, and one that is to come."""
    session = hanging(studio, "fails", "later")
    studio.place.script("fails", FAILS_BESIDE)
    configured(session, "fails", job_args={"beside": str(ran(studio, "hangs"))})
    return session


def test_failing_fast_ends_what_runs_beside_the_failure(studio):
    """Its siblings are `cancelled`, the rest does not start, and the run has failed."""
    session = failing_beside(studio)
    results = session.run(jobs=2, fail_fast=True)
    assert studio.ends() == [("fails", "failed"), ("hangs", "cancelled")]
    assert studio.statuses() == ["failed"]
    assert not ran(studio, "later").exists()
    assert results["outcomes"]["fails"]["outcome"] == "failed"
    (pid,) = pids(ran(studio, "hangs"))
    until(lambda: not alive(pid), "the script has ended")


def test_without_it_what_runs_beside_a_failure_goes_on(studio):
    """The script that hangs is let go, and passes; so does the rest."""
    session = failing_beside(studio)
    let_go = on("ScriptExecuted", lambda _: (studio.place.folder / "hold").unlink(), node="fails")
    session.run(jobs=2, told=let_go)
    assert dict(studio.ends()) == {"fails": "failed", "hangs": "passed", "later": "passed"}


# ---- retry


def broken(studio):
    """Three in a row and one beside: the second fails as it is configured."""
    for name in ("first", "second", "beside"):
        studio.place.script(name, FAILS_WHEN_TOLD)
    studio.place.script("third", WRITES)
    session = studio.start(
        "first", "second", "third", "beside", edges=[("first", "second"), ("second", "third")]
    )
    for name in ("first", "second", "beside"):
        configure(studio, session, name, "bad" if name == "second" else "good")
    return configured(session, "third", job_args={"ran": str(ran(studio, "third"))})


def configure(studio, session, node, mode):
    file = ran(studio, node.replace(":", ""))
    configured(session, node, environ_vars={"MODE": mode}, job_args={"ran": str(file)})


def test_a_retry_runs_what_failed_and_what_it_blocked(studio):
    """As it is configured now; what passed is left alone and not even part of the run."""
    session = broken(studio)
    session.run()
    configure(studio, session, "second", "good")
    assert session.to_retry() == ("second", "third")
    assert outcomes(session.run(session.to_retry())) == {"second": "passed", "third": "passed"}
    assert ran(studio, "first").read_text() == "good"
    assert ran(studio, "second").read_text() == "badgood"
    assert studio.events("RunStarted")[-1].plan.order == ("second", "third")


def test_a_retry_of_what_has_not_changed_runs_it_all_the_same(studio):
    """A failure is never reused: the world outside may have been the cause."""
    session = broken(studio)
    session.run()
    assert outcomes(session.run(session.to_retry())) == {"second": "failed", "third": "blocked"}
    assert ran(studio, "second").read_text() == "badbad"


def test_there_is_nothing_to_retry_where_all_passed(studio):
    """Nor before the first run; no run has begun."""
    session = broken(studio)
    configure(studio, session, "second", "good")
    with pytest.raises(NothingToRetryError):
        session.to_retry()
    session.run()
    with pytest.raises(NothingToRetryError):
        session.to_retry()
    assert len(studio.events("RunStarted")) == 1


def test_a_retry_takes_what_a_dead_tester_lost(studio):
    """The run is closed first, so that what was lost with it is known."""
    session = hanging(studio, "quick")
    lost = []

    def look(event):
        until(lambda: has_content(ran(studio, "hangs")), "the script runs")
        successor = studio.enter("bob", hosts=Machine(host="host-2", pid=2, living={2}))
        with pytest.raises(RunInProgressError):
            successor.to_retry()
        lost.extend(successor.to_retry(take_over=True))
        (studio.place.folder / "hold").unlink()
        studio.watch.pass_by(LOG_LOOK_S)

    with pytest.raises(Exception, match="another tester took the run over"):
        session.run(jobs=2, told=on("ScriptStarted", look, node="quick"))
    assert lost == ["hangs", "quick"]
    assert [event.command for event in studio.events("CommandRefused")][:1] == ["retry"]


def test_a_retry_takes_nodes_by_their_very_names(studio):
    """Also those that read like a pattern: nothing below or beside them runs with them."""
    scripts = {"a": "one", "a+": "two", "state:failed": "three"}
    for name, script in scripts.items():
        studio.place.script(script, FAILS_WHEN_TOLD if name == "a+" else WRITES)
    session = studio.start(*scripts)
    for name, script in scripts.items():
        session.bind(name, str(studio.place.workspace / "scripts" / f"{script}.py"))
        configure(studio, session, name, "bad")
    session.run()
    configure(studio, session, "a+", "good")
    assert outcomes(session.run(session.to_retry())) == {"a+": "passed"}
