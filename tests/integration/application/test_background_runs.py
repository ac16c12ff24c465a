"""Runs that go on in threads of the process, and requests that are told twice."""

import multiprocessing
import threading
from contextlib import closing
from functools import partial

import pytest
from tests.support.driven import ONCE, begin_and_wait, hangs_at, opening, over, release, served
from tests.support.handling import FaultyStore, Recorded
from tests.support.hanging import HANGS, WRITES, alive, hanging, quick, ran
from tests.support.pipelines import Place
from tests.support.scripts import has_content, until
from tests.support.stored import finished, spawned, sql_stores
from tests.support.subscribers import listening
from tests.support.testers import Machine, configured

from runthrough import PipelineDAG
from runthrough.adapters.runners.forkserver import ForkServerRunner
from runthrough.adapters.runners.process import ProcessRunner
from runthrough.adapters.store.opening import open_database
from runthrough.application.answers import Answers
from runthrough.application.background import BackgroundRuns
from runthrough.application.wishes import Once, RunWish
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.ids import CommandId
from runthrough.errors import (
    CommandIdReusedError,
    CommandRefusedError,
    NothingToRetryError,
    PendingScriptsError,
    RunInProgressError,
    RunnerUnavailableError,
    RunthroughError,
    SelectionError,
    UnknownSessionError,
)

pytestmark = pytest.mark.slow

LONG_S = 60.0
FAILS_ONCE = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    if not Path(job_args.ran).exists():
        Path(job_args.ran).write_text("x")
        raise LookupError("on purpose")
    Path(output_paths["out"]).write_text("x")
"""


@pytest.fixture(params=["sqlite", "postgres"])
def stores(request):
    """The databases that a service is run over."""
    url = request.getfixturevalue({"sqlite": "url", "postgres": "postgres_url"}[request.param])
    with open_database(url) as opened:
        yield sql_stores(opened)


@pytest.fixture
def lines():
    return Recorded()


@pytest.fixture
def runs(lines):
    """What a service drives; nothing of it is left behind a test."""
    driving = BackgroundRuns(log=lines)
    yield driving
    assert driving.stop(0.0)


def starts(studio):
    return [event.run for event in studio.events("RunStarted")]


# ---- it returns at once


def test_a_run_is_told_as_soon_as_it_is_recorded(studio, runs):
    """The script still runs when its run's id is known, and the run ends without anybody."""
    hanging(studio)
    run = runs.start(opening(studio), RunWish())
    assert starts(studio) == [run]
    assert [driven.run for driven in runs.driven()] == [run]
    assert studio.statuses() == []
    release(studio)
    over(runs)
    assert studio.statuses() == ["passed"]


def test_a_wish_is_carried_out_as_it_was_told(studio, runs):
    """Selection, jobs and switches stand in the event that begins the run."""
    quick(studio, "one", "two")
    wish = RunWish(("one",), jobs=3, fail_fast=True, reuse=False, sagemaker=True)
    runs.start(opening(studio), wish)
    over(runs)
    (started,) = studio.events("RunStarted")
    told = (started.jobs, started.fail_fast, started.reuse, started.sagemaker)
    assert (started.plan.order, *told) == (("one",), 3, True, False, True)


def test_what_a_run_is_refused_with_is_raised_to_whoever_asks(studio, runs):
    """Each refusal of `run` comes through as it is, and nothing is driven then."""
    studio.place.script("reads", "def main(input_paths, *_):\n    open(input_paths['raw'])\n")
    quick(studio, "good", session=studio.start("reads", "good"))
    for wish, error in (
        (RunWish(), PendingScriptsError),
        (RunWish(("nowhere",)), SelectionError),
        (RunWish(retry=True), NothingToRetryError),
    ):
        with pytest.raises(error):
            runs.start(opening(studio), wish)
    with pytest.raises(UnknownSessionError):
        runs.start(lambda: studio.sessions().open("nobody"), RunWish())
    over(runs)
    assert starts(studio) == []


def test_a_second_run_of_a_session_is_refused_while_one_is_on(studio, runs):
    """In one process, too: who drives the first is told."""
    hanging(studio)
    runs.start(opening(studio), RunWish())
    with pytest.raises(RunInProgressError, match="ann"):
        runs.start(opening(studio), RunWish())
    release(studio)


def test_many_sessions_run_at_once_up_to_a_bound(studio, lines):
    """One more is told to come again, and is taken when another has ended."""
    for name in ("a", "b", "c"):
        dag = PipelineDAG(nodes=("hangs",), edges=(), name=name)
        studio.place.script("hangs", HANGS)
        definition = PipelineDefinition.from_dag(dag, str(studio.place.folder))
        session = studio.sessions().start(
            definition, name=name, workspaces=(str(studio.place.workspace),)
        )
        hold = str(studio.place.file(f"hold-{name}", ""))
        ran_at = str(studio.place.folder / f"{name}.ran")
        session.configure("hangs", Answers(job_args={"ran": ran_at, "hold": hold}))
    runs = BackgroundRuns(log=lines, at_once=2)
    first, _ = (runs.start(partial(studio.sessions().open, name), RunWish()) for name in "ab")
    with pytest.raises(RunnerUnavailableError, match="2 runs"):
        runs.start(partial(studio.sessions().open, "c"), RunWish())
    (studio.place.folder / "hold-a").unlink()
    until(lambda: first not in {driven.run for driven in runs.driven()}, "the first is over")
    runs.start(partial(studio.sessions().open, "c"), RunWish())
    assert len(runs.driven()) == 2
    assert runs.stop(0.0)


def test_a_start_that_is_refused_holds_no_place_from_another(studio, lines):
    """Who comes while the last place is taken by such a one is told why as well."""
    hanging(studio)
    runs = BackgroundRuns(log=lines, at_once=2)
    runs.start(opening(studio), RunWish())
    entered, gate, answers = threading.Event(), threading.Event(), []

    def held():
        entered.set()
        gate.wait()
        return opening(studio)()

    def ask(made):
        with pytest.raises(RunthroughError) as refused:
            runs.start(made, RunWish())
        answers.append(type(refused.value))

    first = threading.Thread(target=ask, args=(held,))
    second = threading.Thread(target=ask, args=(opening(studio),))
    first.start()
    assert entered.wait(LONG_S)
    second.start()
    until(lambda: answers or runs._changed._waiters, "the second was refused, or waits")
    gate.set()
    for thread in (first, second):
        thread.join(LONG_S)
    assert answers == [RunInProgressError] * 2
    release(studio)
    assert runs.stop(LONG_S)


@pytest.mark.parametrize("runner", [ProcessRunner, ForkServerRunner])
def test_scripts_outlive_the_thread_that_asked_for_the_run(studio, runs, runner):
    """A thread of a request ends at once; what the kernel ties to a parent's thread is not it."""
    hanging(studio)
    asking = threading.Thread(
        target=runs.start, args=(opening(studio, runner=runner), RunWish(jobs=2))
    )
    asking.start()
    asking.join()
    pid = hangs_at(studio)
    assert alive(pid)
    release(studio)
    over(runs)
    assert studio.ends() == [("hangs", "passed")]


# ---- asked again


def test_a_request_that_is_told_again_is_answered_with_its_run(studio, runs):
    """While it is on, when it is over, and by a process that was started anew."""
    hanging(studio)
    asked = partial(runs.start, opening(studio), RunWish(), once=ONCE)
    run = asked()
    assert asked() == run
    release(studio)
    over(runs)
    assert asked() == run
    anew = BackgroundRuns(log=Recorded())
    beside = opening(studio, hosts=Machine(pid=2, living={2}), runner_name="forkserver:")
    assert anew.start(beside, RunWish(), once=ONCE) == run
    assert starts(studio) == [run]
    assert studio.statuses() == ["passed"]


def test_a_request_that_is_told_again_is_answered_when_the_session_is_closed(studio, runs):
    """Also when the process stops, or has its hands full: nothing is to be begun for it."""
    session = quick(studio, "one")
    run = runs.start(opening(studio), RunWish(), once=ONCE)
    over(runs)
    session.close()
    assert runs.start(opening(studio), RunWish(), once=ONCE) == run
    runs.stop(0.0)
    assert runs.start(opening(studio), RunWish(), once=ONCE) == run
    full = BackgroundRuns(log=Recorded(), at_once=0)
    assert full.start(opening(studio), RunWish(), once=ONCE) == run


@pytest.mark.parametrize(
    ("actor", "wish"), [("ann", RunWish(jobs=2)), ("ann", RunWish(retry=True)), ("bob", RunWish())]
)
def test_the_command_of_a_request_is_good_for_that_request_alone(studio, runs, actor, wish):
    """Another wish, and the same of another person, is refused; on or over."""
    hanging(studio)
    run = runs.start(opening(studio), RunWish(), once=ONCE)
    with pytest.raises(CommandIdReusedError):
        runs.start(lambda: studio.enter(actor), wish, once=ONCE)
    release(studio)
    over(runs)
    with pytest.raises(CommandIdReusedError):
        runs.start(lambda: studio.enter(actor), wish, once=ONCE)
    assert starts(studio) == [run]


def test_a_refused_request_is_refused_again(studio, runs):
    """Also when it might run by now: who asks again wants the answer, not another try."""
    studio.place.script("needs", WRITES)
    session = studio.start("needs")
    for _ in range(2):
        with pytest.raises(PendingScriptsError):
            runs.start(opening(studio), RunWish(), once=ONCE)
    configured(session, "needs", job_args={"ran": str(ran(studio, "needs"))})
    with pytest.raises(CommandRefusedError, match="needs"):
        runs.start(opening(studio), RunWish(), once=ONCE)
    assert starts(studio) == []
    assert len(studio.events("CommandRefused")) == 1


def test_a_retry_that_is_told_again_is_answered_with_its_run(studio, runs):
    """What it selects has passed by then; that is not what was asked."""
    studio.place.script("once", FAILS_ONCE)
    session = configured(studio.start("once"), "once", job_args={"ran": str(ran(studio, "once"))})
    session.run()
    retried = partial(runs.start, opening(studio), RunWish(retry=True), once=ONCE)
    run = retried()
    over(runs)
    assert retried() == run
    assert studio.ends() == [("once", "failed"), ("once", "passed")]


def test_one_request_told_by_many_threads_begins_one_run(studio, runs):
    """All of them are told of it, whoever comes first."""
    hanging(studio)
    told, together = [], threading.Barrier(4)

    def ask():
        together.wait()
        told.append(runs.start(opening(studio), RunWish(), once=ONCE))

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    release(studio)
    over(runs)
    assert starts(studio) == told[:1]
    assert set(told) == {told[0]}
    assert len(told) == 4


class Late(FaultyStore):
    """The store of one who asks, and is overtaken by another before it has the answer."""

    def __init__(self, store, overtake):
        super().__init__(store)
        self._overtake = [overtake]

    def answer(self, command_id, **how):
        found = super().answer(command_id, **how)
        if self._overtake:
            self._overtake.pop()()
        return found


@pytest.mark.parametrize("moment", ["it looks for the run", "it opens the runner"])
def test_a_request_told_to_two_processes_at_once_is_driven_by_one(studio, runs, lines, moment):
    """The other begins nothing, and takes neither the lease nor the scripts of the first."""
    hanging(studio)
    begun, both = [], {1, 2}

    def overtake():
        first = opening(studio, hosts=Machine(living=both))
        begun.append(runs.start(first, RunWish(), once=ONCE))

    def runner(jobs):
        if moment == "it opens the runner":
            overtake()
        return ProcessRunner(jobs)

    store = studio.stores.events
    if moment == "it looks for the run":
        store = Late(store, overtake)
    beside = BackgroundRuns(log=lines)
    other = opening(studio, hosts=Machine(pid=2, living=both), runner=runner, store=store)
    assert [beside.start(other, RunWish(), once=ONCE)] == begun
    assert beside.stop(0.0)
    assert lines.lines == []
    assert studio.stores.leases.renewed_at(begun[0]) is not None
    release(studio)
    over(runs)
    assert starts(studio) == begun
    assert studio.ends() == [("hangs", "passed")]
    assert studio.statuses() == ["passed"]


# ---- kill -9


@pytest.fixture(params=["sqlite", "postgres"])
def environ(request, tmp_path):
    """The surroundings of a service over a database of its own."""
    url = f"sqlite:///{tmp_path}/log.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    folder = str(tmp_path / "home")
    return {
        "RUNTHROUGH_DATABASE_URL": url,
        "RUNTHROUGH_ACTOR": "ann",
        "HOME": folder,
        "XDG_CACHE_HOME": folder,
        "XDG_DATA_HOME": folder,
        "XDG_CONFIG_HOME": folder,
    }


def test_an_application_has_no_thread_for_what_nobody_uses(tmp_path, environ):
    """What is typed once does not pay for what a service does; with the end all of it ends."""
    before = set(threading.enumerate())
    with served(str(tmp_path), environ) as application:
        assert set(threading.enumerate()) == before
        listener = listening(application.broadcast, after=application.broadcast.head())
        assert [thread.name for thread in set(threading.enumerate()) - before] == [
            "runthrough-broadcast"
        ]
    assert listener.subscription.closed
    assert application.background.stopping
    assert set(threading.enumerate()) == before


def test_a_service_that_is_killed_is_told_of_by_the_next_which_goes_on(tmp_path, environ):
    """The request of the first is still answered; its run is interrupted, its attempt lost."""
    place = Place(tmp_path)
    place.script("hangs", HANGS)
    hold, seen = place.file("hold", ""), place.folder / "hangs.ran"
    dag = PipelineDAG(nodes=("hangs",), edges=(), name="killed")
    folder = str(place.folder)
    with served(folder, environ) as application:
        session = application.sessions.start(
            PipelineDefinition.from_dag(dag, folder), workspaces=(str(place.workspace),)
        )
        session.configure("hangs", Answers(job_args={"ran": str(seen), "hold": str(hold)}))
        name = session.session_id
    context = multiprocessing.get_context("spawn")
    begun, never = context.Queue(), context.Event()
    service = spawned(begin_and_wait, folder, environ, begun, never)
    run = begun.get(timeout=LONG_S)
    until(lambda: has_content(seen), "the script runs")
    pid = int(seen.read_text())
    service.kill()
    assert finished(service) == -9
    until(lambda: not alive(pid), "the script died with its service")
    with served(folder, environ) as application, closing(begun):
        open_session = partial(application.sessions.open, name)
        assert application.background.start(open_session, RunWish(), once=ONCE) == run
        assert open_session().state.run.status is None
        hold.unlink()
        anew = application.background.start(
            open_session, RunWish(), once=Once(CommandId("request-2"))
        )
        assert anew != run
        over(application.background)
        rows = [
            (row.event.type, getattr(row.event, "outcome", getattr(row.event, "status", None)))
            for row in application.sessions._ports.store.read(name)
            if row.event.type in {"ScriptExecuted", "RunFinished"}
        ]
    assert rows == [
        ("ScriptExecuted", "lost"),
        ("RunFinished", "interrupted"),
        ("ScriptExecuted", "passed"),
        ("RunFinished", "passed"),
    ]
