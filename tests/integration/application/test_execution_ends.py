"""Runs that do not end by themselves: testers that die, are interrupted, or are overtaken."""

from datetime import timedelta

import pytest
from tests.support.handling import FaultyStore, Recorded, handler_over
from tests.support.hanging import alive, hanging, on, quick, ran
from tests.support.scripts import has_content, until
from tests.support.testers import NAME, Machine, configured, outcomes

from runthrough.adapters.inspection import LocalInspector
from runthrough.application.caller import Caller
from runthrough.application.execution import Execution
from runthrough.application.interruption import Interruption
from runthrough.application.looking import Looking
from runthrough.application.taking_over import LEASE_S
from runthrough.application.wishes import RunWish
from runthrough.core.commands import FinishScript
from runthrough.core.values.paths import Roots
from runthrough.core.values.secrets import Secret
from runthrough.errors import (
    AttemptClosedError,
    RunInProgressError,
    RunnerUnavailableError,
    SelectionError,
    StoreUnavailableError,
)

ELSEWHERE = Machine(host="host-2", pid=2, living={2})
SUCCESSOR = Machine(pid=2, living={2})


def die(studio, kind, **how):
    """Begin a run whose tester loses its store at an event, so that it cannot end anything."""
    store = FaultyStore(studio.stores.events)

    def lose(event):
        store.lost = True

    dying = studio.enter("ann", store=store)
    with pytest.raises(StoreUnavailableError):
        dying.run(told=on(kind, lose), **how)


# ---- the tester of a run is gone


def test_a_living_testers_run_is_refused(studio):
    """Who, where and since when are told, for `run` and for `resume`; the run goes on."""
    session = quick(studio, "a")
    refused = []

    def try_it(event):
        bob = studio.enter("bob", hosts=Machine(pid=2, living={1, 2}))
        for act in (bob.run, bob.resume):
            with pytest.raises(RunInProgressError) as error:
                act()
            refused.append(str(error.value))

    assert outcomes(session.run(told=on("ScriptStarted", try_it))) == {"a": "passed"}
    assert len(refused) == 2
    for words in refused:
        assert "by ann on host-1-ws since 2026-11-22 12:44:05 UTC" in words
    assert studio.statuses() == ["passed"]
    assert [e.code for e in studio.events("CommandRefused")] == ["RUN_IN_PROGRESS"] * 2


def test_a_tester_does_not_take_its_own_run_over(studio):
    """A second object of the same process is refused as long as the first drives the run."""
    session = quick(studio, "a")

    def try_it(event):
        with pytest.raises(RunInProgressError):
            studio.enter("ann").run()

    session.run(told=on("ScriptStarted", try_it))
    assert studio.ends() == [("a", "passed")]


def test_a_run_that_this_process_gave_up_is_taken_over(studio):
    """Its own pid lives, and yet nobody drives the run: the same process goes on with it."""
    quick(studio, "a", "b")
    die(studio, "ScriptStarted")
    assert outcomes(studio.enter("ann").run()) == {"a": "reused", "b": "passed"}


def test_a_script_that_ended_after_its_tester_died_is_not_run_again(studio):
    """Its result was written: the next tester adopts it, ends the run, and does the rest."""
    quick(studio, "a", "b")
    die(studio, "ScriptStarted")
    assert studio.statuses() == []
    successor = studio.enter("bob", hosts=SUCCESSOR)
    assert outcomes(successor.run()) == {"a": "reused", "b": "passed"}
    assert studio.ends() == [("a", "passed"), ("b", "passed")]
    assert studio.statuses() == ["interrupted", "passed"]
    assert ran(studio, "a").read_text() == "x"
    (adopted, _) = studio.events("ScriptExecuted")
    assert adopted.outputs[0].name == "out"
    assert adopted.duration_s > 0


def test_an_attempt_without_a_result_is_lost(studio):
    """Nothing tells how it ended, so it counts as lost, and the next run tries again."""
    quick(studio, "a")
    die(studio, "ScriptStarted")
    (result,) = studio.place.workspace.glob(".runthrough/*/runs/*/a/*/result.json")
    result.unlink()
    successor = studio.enter("bob", hosts=SUCCESSOR)
    rows = successor.resume()
    assert [row.type for row in rows] == ["ScriptExecuted", "RunFinished"]
    last = successor.state.nodes["a"].last
    assert (last.outcome, last.error.kind, last.log) == ("lost", "lost", None)
    assert "tester died" in last.error.message
    assert outcomes(successor.run()) == {"a": "passed"}


def late(studio):
    """The tester of `b` died four seconds after the run began, and a minute has passed since."""
    quick(studio, "a", "b")
    store = FaultyStore(studio.stores.events)

    def go_on(event):
        if event.event.type == "ScriptExecuted":
            studio.watch.pass_by(4)
        if event.event.type == "ScriptStarted" and event.event.node == "b":
            store.lost = True

    with pytest.raises(StoreUnavailableError):
        studio.enter("ann", store=store).run(told=go_on)
    studio.watch.pass_by(LEASE_S)


def lived_s(studio):
    """How long the run was, once somebody else has closed it."""
    studio.enter("bob").note("what others record is no sign of the tester's life")
    studio.enter("bob", hosts=SUCCESSOR).resume()
    (end,) = studio.events("RunFinished")
    return end.summary.duration_s


def test_a_run_whose_tester_died_was_on_until_its_last_event(studio):
    """Neither nothing nor the time until somebody came by, who may come days later."""
    late(studio)
    (result,) = studio.place.workspace.glob(".runthrough/*/runs/*/b/*/result.json")
    result.unlink()
    assert lived_s(studio) == 4.0


def test_a_run_whose_tester_died_was_on_until_its_adopted_script_ended(studio):
    """The host wrote how long its script took: that long something of the run was there."""
    late(studio)
    took_s = lived_s(studio)
    assert took_s == pytest.approx(4 + studio.events("ScriptExecuted")[-1].duration_s, abs=1e-5)


def test_a_run_whose_tester_died_was_on_until_its_lease_was_renewed_last(studio):
    """A script may run for hours without an event, and the lease is renewed all along."""
    late(studio)
    (begun,) = studio.events("RunStarted")
    entry = studio.stores.directory.find(NAME)
    renewed = studio.watch.now - timedelta(seconds=LEASE_S - 20)
    studio.stores.leases.take(
        begun.run, session_id=entry.session_id, holder=Machine().me(), at=renewed
    )
    assert lived_s(studio) == 24.0


def test_an_adopted_result_is_judged_like_any_other(studio):
    """A script that passed and whose output was gone when it was adopted has failed."""
    quick(studio, "a")
    die(studio, "ScriptStarted")
    (written,) = studio.place.workspace.glob(".runthrough/*/runs/*/a/*/out")
    written.unlink()
    studio.enter("bob", hosts=SUCCESSOR).resume()
    assert studio.ends() == [("a", "failed")]


def test_resuming_where_nothing_runs_takes_nothing_over(studio):
    """An open session without a run is just looked at."""
    session = quick(studio, "a")
    assert session.resume() == []


def test_of_two_that_take_over_at_once_both_go_on(studio):
    """The one that comes second finds the attempt closed; no attempt ends twice."""
    quick(studio, "a")
    die(studio, "ScriptStarted")

    class Meeting(Machine):
        """Another tester takes over while this one looks whether the holder lives."""

        def alive(self, holder):
            studio.enter("carl", hosts=SUCCESSOR).resume()
            return super().alive(holder)

    second = studio.enter("bob", hosts=Meeting(pid=3, living={3}))
    second.resume()
    assert studio.ends() == [("a", "passed")]
    assert studio.statuses() == ["interrupted"]
    assert second.state.running is None
    assert outcomes(second.run()) == {"a": "reused"}


def test_another_hosts_run_is_refused_while_its_lease_is_fresh(studio):
    """Whether its process lives cannot be seen from here: the lease speaks for it."""
    session = quick(studio, "a")

    def try_it(event):
        studio.watch.pass_by(LEASE_S - 1)
        with pytest.raises(RunInProgressError, match="on host-1-ws"):
            studio.enter("bob", hosts=ELSEWHERE).run()

    assert outcomes(session.run(told=on("ScriptStarted", try_it))) == {"a": "passed"}


def test_another_hosts_run_is_taken_over_when_its_lease_is_over(studio):
    """Who lost it sees that in the log within a second, and stops."""
    session = quick(studio, "a", "b")

    def take_over(event):
        studio.watch.pass_by(LEASE_S)
        other = studio.enter("bob", hosts=ELSEWHERE)
        assert outcomes(other.run(["b"])) == {"b": "passed"}

    with pytest.raises(AttemptClosedError, match="another tester took the run over"):
        session.run(told=on("ScriptStarted", take_over))
    assert studio.ends() == [("a", "lost"), ("b", "passed")]
    assert studio.statuses() == ["interrupted", "passed"]
    assert outcomes(session.run()) == {"a": "passed", "b": "reused"}


def test_another_hosts_run_is_taken_over_by_who_insists(studio):
    """Whatever its lease says; the outcome that the other tester then reports is refused."""
    session = quick(studio, "a", "b")

    def take_over(event):
        other = studio.enter("bob", hosts=ELSEWHERE)
        with pytest.raises(RunInProgressError):
            other.run(["b"])
        assert outcomes(other.run(["b"], take_over=True)) == {"b": "passed"}

    with pytest.raises(AttemptClosedError, match="another tester took the run over"):
        session.run(told=on("ScriptStarted", take_over))
    assert studio.ends() == [("a", "lost"), ("b", "passed")]
    refused = [e.code for e in studio.events("CommandRefused")]
    assert refused == ["RUN_IN_PROGRESS", "ATTEMPT_CLOSED"]
    assert ran(studio, "b").read_text() == "x"


def test_another_hosts_run_without_a_lease_is_taken_over(studio):
    """Its tester dropped the lease as it ended."""
    quick(studio, "a")
    die(studio, "ScriptStarted")
    assert outcomes(studio.enter("bob", hosts=ELSEWHERE).run()) == {"a": "reused"}


def test_the_lease_lasts_as_long_as_the_run(studio):
    """It is there from the first attempt on, and dropped when the run has ended."""
    session = quick(studio, "a")
    leases = studio.stores.leases
    seen = []
    session.run(told=on("ScriptStarted", lambda e: seen.append(leases.renewed_at(e.run))))
    assert seen == [studio.watch.now]
    assert leases.renewed_at(studio.events("RunStarted")[0].run) is None


class Leases:
    """Leases that cannot be renewed at the first try; the second is told to a script."""

    def __init__(self, leases, told):
        self._leases = leases
        self._told = told
        self.tries = 0

    def take(self, run, **what):
        self._leases.take(run, **what)

    def renew(self, run, *, at):
        self.tries += 1
        if self.tries == 1:
            raise StoreUnavailableError("The database is locked.")
        self._leases.renew(run, at=at)
        self._told.unlink(missing_ok=True)

    def renewed_at(self, run):
        return self._leases.renewed_at(run)

    def release(self, run):
        self._leases.release(run)


def test_a_lease_is_renewed_again_after_a_renewal_failed(studio):
    """A store that is busy for once does not end the signs of life; the log tells of it."""
    session = hanging(studio)
    lines = Recorded()
    leases = Leases(studio.stores.leases, studio.place.folder / "hold")
    ports = studio.ports(leases=leases, log=lines)
    caller = Caller("ann", "setting", "python", "host-1", "ws", "0", studio.watch, ports.new_id)
    roots = Roots(ports.directory.roots_of(session.session_id, host="host-1"))
    handler = handler_over(ports.store)
    execution = Execution(
        ports,
        handler,
        handler.load(session.session_id),
        looking=Looking(ports.catalog, ports.inspector, roots),
        roots=roots,
        caller=caller,
        renewal_s=0.01,
    )
    execution.run(RunWish(), world={}, interruption=Interruption())
    assert studio.ends() == [("hangs", "passed")]
    assert leases.tries >= 2
    (line,) = [values for event, values in lines.lines if event == "lease"]
    assert line["failed"] == "The database is locked."


# ---- a run is interrupted


def test_ctrl_c_ends_the_scripts_and_the_run(studio):
    """Every open attempt is cancelled, no child is left, and the session can go on."""
    session = hanging(studio, "quick")
    pid_file = ran(studio, "hangs")

    def interrupt(event):
        until(lambda: has_content(pid_file), "the script runs")
        studio.watch.pass_by(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.run(jobs=2, told=on("ScriptStarted", interrupt, node="quick"))
    assert [end.summary.duration_s for end in studio.events("RunFinished")] == [3.0]
    until(lambda: not alive(int(pid_file.read_text())), "the script has ended")
    assert sorted(studio.ends()) == [("hangs", "cancelled"), ("quick", "cancelled")]
    assert studio.statuses() == ["interrupted"]
    assert "interrupted" in session.state.nodes["quick"].last.error.message
    assert session.state.running is None
    (studio.place.folder / "hold").unlink()
    assert outcomes(session.run()) == {"hangs": "passed", "quick": "passed"}


def test_a_script_that_had_passed_when_the_run_was_interrupted_has_passed(studio):
    """Its result was written before the children were ended, so it is taken in."""
    session = quick(studio, "a", "b")

    def interrupt(event):
        until(lambda: has_result(studio, "a"), "the other script has ended")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.run(jobs=2, told=on("ScriptStarted", interrupt, node="b"))
    assert sorted(studio.ends()) == [("a", "passed"), ("b", "cancelled")]
    assert outcomes(session.run()) == {"a": "reused", "b": "passed"}


def has_result(studio, node):
    """Whether the host of a node's attempt has written its result."""
    return bool(list(studio.place.workspace.glob(f".runthrough/*/runs/*/{node}/*/result.json")))


def test_where_the_runner_cannot_be_opened_no_run_begins(studio):
    """The error is told, nothing is recorded or held, and another tester's run goes through."""
    quick(studio, "a")
    leases = []

    def no_runner(jobs):
        raise RunnerUnavailableError(f"No engine for {jobs} jobs.", fix="start one")

    leases_taken = Taken(studio.stores.leases, leases)
    broken = studio.enter("ann", runner=no_runner, leases=leases_taken)
    before = broken.version
    with pytest.raises(RunnerUnavailableError, match="No engine for 3 jobs"):
        broken.run(jobs=3)
    assert studio.events("RunStarted") == []
    assert broken.version == before
    (run,) = leases
    assert studio.stores.leases.renewed_at(run) is None
    assert outcomes(studio.enter("ann").run()) == {"a": "passed"}


class Taken:
    """Leases that tell which were taken."""

    def __init__(self, leases, runs):
        self._leases = leases
        self._runs = runs

    def take(self, run, **what):
        """Take a lease."""
        self._runs.append(run)
        self._leases.take(run, **what)

    def __getattr__(self, name):
        """The rest is as it is."""
        return getattr(self._leases, name)


def test_for_a_run_that_is_refused_nothing_is_opened(studio):
    """An engine may take seconds to start; the refusal is recorded all the same."""
    quick(studio, "a")
    opened = []
    with pytest.raises(SelectionError):
        studio.enter("ann", runner=opened.append).run(["nobody"])
    assert opened == []
    assert [event.command for event in studio.events("CommandRefused")] == ["run"]


def test_a_run_is_held_from_the_moment_it_is_in_the_log(studio):
    """Neither another thread of its process nor another host can take it over as it begins."""
    session = quick(studio, "a")
    refused = []

    def come(envelope):
        if envelope.event.type != "RunStarted":
            return
        for hosts in (Machine(), Machine(host="host-2", pid=2, living={2})):
            with pytest.raises(RunInProgressError):
                studio.enter("bob", hosts=hosts).run()
            refused.append(hosts.host)

    assert outcomes(session.run(told=come)) == {"a": "passed"}
    assert len(refused) == 2


class Blind(LocalInspector):
    """An inspector to which everything that scripts left is a fault of the disk."""

    def look(self, paths, **how):
        """Look at nothing in an attempt's folder."""
        paths = tuple(paths)
        if any("runs/" in path for path in paths):
            raise OSError("the disk says s3cr3t-value")
        return super().look(paths, **how)


def test_what_cannot_be_judged_has_failed_and_the_session_goes_on(studio):
    """Whoever came after would meet the same fault, and nobody could ever end the run."""
    studio.secrets["TOKEN"] = "s3cr3t-value"
    configured(quick(studio, "a", "b"), "b", environ_vars={"TOKEN": Secret("TOKEN")})
    blind = studio.enter("ann", inspector=Blind(probe=str))
    results = blind.run()
    assert outcomes(results) == {"a": "failed", "b": "failed"}
    told = results["script_results"]["a"]["error_message"]
    assert "cannot be looked at: OSError: the disk says " in told
    assert "s3cr3t" not in told
    assert studio.statuses() == ["failed"]
    assert outcomes(studio.enter("ann").run()) == {"a": "passed", "b": "passed"}


# ---- an attempt is closed by somebody else


def close(studio, attempt):
    """Report an attempt as lost, as one does who takes a run over, and leave the run open."""
    other = studio.enter("bob")
    ports = studio.ports()
    handler = handler_over(ports.store)
    caller = Caller("bob", "setting", "python", "host-2", "ws", "0", studio.watch, ports.new_id)
    handler.handle(
        handler.load(other.session_id),
        FinishScript(
            run=attempt.run,
            node=attempt.node,
            attempt=attempt.attempt,
            outcome="lost",
            duration_s=0.0,
        ),
        caller.metadata(),
    )


def test_an_outcome_of_a_closed_attempt_is_refused_and_the_tester_stops(studio):
    """Nothing more is started; the run is ended, so that the session can go on."""
    session = quick(studio, "a", "b")
    with pytest.raises(AttemptClosedError):
        session.run(told=on("ScriptStarted", lambda event: close(studio, event)))
    assert studio.ends() == [("a", "lost")]
    assert not ran(studio, "b").exists()
    assert studio.statuses() == ["interrupted"]
    assert outcomes(session.run()) == {"a": "passed", "b": "passed"}


def test_a_tester_that_has_seen_its_attempt_closed_stops_as_well(studio):
    """It learned of it while it reported another node, before the closed one's script ended."""
    session = hanging(studio, "quick")
    hold = studio.place.folder / "hold"
    claims = []

    def told(envelope):
        event = envelope.event
        if event.type == "ScriptStarted" and event.node == "hangs":
            claims.append(event)
        if event.type == "ScriptStarted" and event.node == "quick":
            close(studio, claims[0])
        if event.type == "ScriptExecuted" and event.node == "quick":
            hold.unlink()

    with pytest.raises(AttemptClosedError):
        session.run(jobs=2, told=told)
    assert studio.ends() == [("hangs", "lost"), ("quick", "passed")]
    assert studio.statuses() == ["interrupted"]
