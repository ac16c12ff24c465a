"""Group commit: callers that wait share a commit, and each is answered as if it were alone."""

import signal
import threading
from collections import Counter
from functools import partial

import psycopg
import pytest
from tests.support.crowd import Acknowledged
from tests.support.grouped import (
    Queue,
    Wish,
    Wishes,
    append_from_threads,
    open_watched,
    queued,
    told,
)
from tests.support.scale import scaled
from tests.support.scripts import until
from tests.support.servers import connectable
from tests.support.stored import (
    DEADLINE_S,
    REQUEST,
    A,
    B,
    Writer,
    alter,
    finished,
    memory_stores,
    said,
    spawned,
    sql_stores,
    started,
    texts,
)

from runthrough.adapters.store.grouping import SHARED_EVENTS
from runthrough.adapters.store.opening import open_database
from runthrough.core.events import SessionClosed
from runthrough.core.values.ids import SessionId
from runthrough.entrypoints.store_suite.writing import numbered
from runthrough.errors import (
    CommandIdReusedError,
    SessionNameTakenError,
    StoreUnavailableError,
    WrongExpectedVersionError,
)

pytestmark = pytest.mark.slow

CALLERS = 16
OTHER = "2" * 64
ROUNDS = scaled(12, 400)
"""How many mixed groups are compared with the same appends one by one."""
KILLS = scaled(1, 10)


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request, url):
    return url if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def database(store_url):
    with open_watched(store_url) as opened:
        yield opened


@pytest.fixture
def stores(database):
    return sql_stores(database)


def append(stores, session_id, text, *, version=0, command_id=None, request=REQUEST):
    """An append that is still to be called."""
    return partial(
        Writer(stores.events).append,
        session_id,
        said(text),
        at_version=version,
        command_id=command_id or f"{session_id}-{version}-{text}",
        request=request,
    )


def kinds(answers):
    """The texts of what was stored, or the type of the error."""
    return [texts(a) if isinstance(a, tuple) else type(a) for a in answers]


# ---- sharing


def test_callers_that_wait_share_one_commit(database, stores):
    """All are stored in the order in which they came, each is told its own, the log verifies."""
    sessions = numbered(CALLERS)
    with queued(database) as queue:
        queue.stand(*(append(stores, each, f"of {n}") for n, each in enumerate(sessions)))
    answers = queue.answers()
    assert database.groups == [CALLERS]
    assert kinds(answers) == [[f"of {number}"] for number in range(CALLERS)]
    assert [envelope for answer in answers for envelope in answer] == list(stores.feed.read())
    verdict = stores.audit.verify()
    assert (verdict.ok, verdict.checked) == (True, CALLERS)


def test_lone_caller_shares_with_nobody(database, stores):
    """Without others nothing is queued, and after a shared commit it is so again."""
    writer = Writer(stores.events)
    for version in range(3):
        writer.append(A, said("alone"), at_version=version)
    assert database.groups == []
    with queued(database) as queue:
        queue.stand(append(stores, B, "b"), append(stores, B, "c", version=1))
    for version in range(3, 6):
        writer.append(A, said("alone again"), at_version=version)
    assert database.groups == [2, 1]


def test_versions_of_one_session_follow_one_another_in_a_group(database, stores):
    """Those who ask for the next version each get it, and the chain goes through all of them."""
    with queued(database) as queue:
        queue.stand(*(append(stores, A, str(n), version=n) for n in range(5)))
    assert [answer[0].version for answer in queue.answers()] == [1, 2, 3, 4, 5]
    assert database.groups == [5]
    assert texts(stores.events.read(A)) == list("01234")
    assert stores.audit.verify().checked == 5


def test_failing_appends_touch_nobody_else_of_their_group(database, stores):
    """A wrong version, a used command id: each is told its own error, the rest is stored."""
    append(stores, A, "before", command_id="known")()
    with queued(database) as queue:
        queue.stand(
            append(stores, B, "b"),
            append(stores, A, "too late"),
            append(stores, A, "a", version=1, command_id="twice"),
            append(stores, A, "a loser", version=1),
            append(stores, A, "again", version=9, command_id="known"),
            append(stores, A, "another", version=2, command_id="known", request=OTHER),
            append(stores, B, "sent again", version=1, command_id="twice"),
            append(stores, B, "another", version=1, command_id="twice", request=OTHER),
            append(stores, A, "last", version=2),
        )
    assert database.groups == [9]
    answers = queue.answers()
    assert kinds(answers) == [
        ["b"],
        WrongExpectedVersionError,
        ["a"],
        WrongExpectedVersionError,
        ["before"],
        CommandIdReusedError,
        ["a"],
        CommandIdReusedError,
        ["last"],
    ]
    assert (answers[1].expected, answers[1].found) == (0, 1)
    assert (answers[3].expected, answers[3].found) == (1, 2)
    assert texts(stores.events.read(A)) == ["before", "a", "last"]
    assert texts(stores.events.read(B)) == ["b"]
    assert [envelope.position for envelope in stores.feed.read()] == [1, 2, 3, 4]
    assert stores.audit.verify().ok


def test_groups_answer_as_the_same_appends_one_by_one(database, stores):
    """Random mixes of good and failing appends end in the same answers, events and hashes."""
    alone, sessions = memory_stores(), numbered(3)
    wishes = Wishes(seed=8)
    for number in range(ROUNDS):
        versions = {each: sum(1 for _ in alone.events.read(each)) for each in sessions}
        drawn = wishes.draw(versions, 1 + number % 12)
        with queued(database) as queue:
            queue.stand(*(partial(wish.ask, stores.events) for wish in drawn))
        assert queue.answers() == [wish.ask(alone.events) for wish in drawn]
    assert told(stores, sessions) == told(alone, sessions)
    assert stores.audit.head() == alone.audit.head()
    assert stores.audit.verify().ok
    assert max(database.groups) > 1


def test_what_the_directory_follows_takes_its_own_turn_beside_a_group(database, stores):
    """A name that is taken fails its caller alone, and others begin sessions and append."""
    writer = Writer(stores.events)
    writer.append(A, started("taken"), at_version=0)
    with queued(database) as queue:
        queue.stand(append(stores, A, "shared", version=1), append(stores, B, "b"))
        for name in ("taken", "free"):
            session_id = SessionId(f"session-{name}")
            queue.begin(
                partial(
                    Writer(stores.events, name).append, session_id, started(name), at_version=0
                )
            )
    assert kinds(queue.answers()) == [
        ["shared"],
        ["b"],
        SessionNameTakenError,
        ["SessionStarted"],
    ]
    writer.append(A, SessionClosed(), at_version=2)
    assert {e.name: e.phase for e in stores.directory.sessions()} == {
        "taken": "closed",
        "free": "open",
    }
    assert stores.audit.verify().ok


def test_holder_of_the_lock_never_stands_in_the_queue(database, stores):
    """What it appends while others wait comes first, and it reads it before the commit."""
    with queued(database) as queue:
        queue.stand(append(stores, A, "waited", version=1))
        append(stores, A, "held")()
        assert texts(stores.events.read(A)) == ["held"]
    assert kinds(queue.answers()) == [["waited"]]
    assert texts(stores.events.read(A)) == ["held", "waited"]
    assert database.groups == [1]


def test_command_of_many_events_takes_a_turn_of_its_own(database, stores):
    """Nobody who waits in the queue has to wait for its many rows."""
    many = [said("x")] * (SHARED_EVENTS + 1)
    with queued(database) as queue:
        queue.stand(append(stores, A, "small"))
        queue.begin(partial(Writer(stores.events, "large").append, B, *many, at_version=0))
    assert [len(answer) for answer in queue.answers()] == [1, len(many)]
    assert database.groups == [1]
    assert stores.audit.verify().checked == 1 + len(many)


# ---- when it cannot be


def test_row_that_the_database_refuses_fails_its_caller_alone(database, stores, store_url, path):
    """Where one of a group cannot be inserted, all are tried by themselves, in order."""
    if store_url.startswith("sqlite"):
        alter(
            path,
            "CREATE TRIGGER picky BEFORE INSERT ON events WHEN NEW.payload LIKE '%poison%' "
            "BEGIN SELECT RAISE(ABORT, 'no poison'); END",
        )
    else:
        with psycopg.connect(connectable(store_url), autocommit=True) as admin:
            admin.execute(
                "ALTER TABLE events ADD CONSTRAINT picky CHECK (payload NOT LIKE '%poison%')"
            )
    with queued(database) as queue:
        queue.stand(
            append(stores, A, "first"),
            append(stores, A, "poison", version=1),
            append(stores, A, "second", version=1),
            append(stores, B, "b"),
        )
    assert kinds(queue.answers()) == [["first"], StoreUnavailableError, ["second"], ["b"]]
    assert database.groups == [4, 1, 1, 1, 1]
    assert texts(stores.events.read(A)) == ["first", "second"]
    verdict = stores.audit.verify()
    assert (verdict.ok, verdict.checked) == (True, 3)


def test_commit_that_fails_is_told_to_every_caller(database, stores):
    """Nothing of the group is there, and the next appends are stored."""

    def fail():
        raise database.fails_all("the disk is gone")

    append(stores, A, "before")()
    head = stores.audit.head()
    with queued(database) as queue:
        queue.stand(
            append(stores, A, "a", version=1),
            append(stores, A, "in vain", version=1),
            append(stores, B, "b"),
        )
        database.before = once_let_through(fail)
    database.before = lambda: None
    assert kinds(queue.answers()) == [StoreUnavailableError] * 3
    assert len({id(answer) for answer in queue.answers()}) == 3
    assert stores.audit.head() == head
    append(stores, A, "after", version=1)()
    assert texts(stores.events.read(A)) == ["before", "after"]
    assert stores.audit.verify().ok


def once_let_through(then):
    """Does nothing for the holder of the lock, who commits first, and what is given after it."""
    let_through = iter([True])

    def call():
        if not next(let_through, False):
            then()

    return call


def test_group_whose_answer_is_lost_is_found_in_the_log(database, stores):
    """Where the commit was done all the same, a retry of each is answered and adds nothing."""

    def fail():
        raise database.fails_all("the answer was lost")

    asked = [append(stores, A, "a"), append(stores, B, "b")]
    with queued(database) as queue:
        queue.stand(*asked)
        database.behind = once_let_through(fail)
    database.behind = lambda: None
    assert kinds(queue.answers()) == [StoreUnavailableError] * 2
    assert kinds(each() for each in asked) == [["a"], ["b"]]
    assert stores.audit.verify().checked == 2


# ---- interrupts


def interrupt_the_main_thread(condition, what):
    """Do to the main thread what Ctrl-C does, as soon as it is where it is to be."""

    def wait():
        until(condition, what)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    alarm = threading.Thread(target=wait)
    alarm.start()
    return alarm


@pytest.fixture
def held(stores):
    """Another thread holds the writer lock until it is told."""
    held, let_go = threading.Event(), threading.Event()

    def hold():
        with stores.events.exclusive():
            held.set()
            let_go.wait(DEADLINE_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(DEADLINE_S)
    yield let_go
    let_go.set()
    holder.join(DEADLINE_S)


@pytest.mark.parametrize("first", [True, False], ids=["the leader", "another one"])
def test_interrupted_waiting_takes_back_one_append_alone(database, stores, held, first):
    """Ctrl-C in the queue leaves nothing of that caller, and the others are served."""
    queue = Queue(database._shared)
    asked = [append(stores, A, "a"), append(stores, B, "b")]
    if not first:
        queue.stand(*asked)

    def behind():
        until(lambda: len(database._shared._waiting) == (1 if first else 3), "it waits")
        if first:
            for number, call in enumerate(asked, 2):
                queue.begin(call)
                queue.has(number)
        return True

    alarm = interrupt_the_main_thread(behind, "it waits in the queue")
    interrupted = append(stores, SessionId("interrupted"), "taken back")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    alarm.join(DEADLINE_S)
    held.set()
    assert kinds(queue.answers()) == [["a"], ["b"]]
    assert database.groups == [2]
    assert [*stores.events.read(SessionId("interrupted"))] == []
    assert texts(interrupted()) == ["taken back"]
    assert stores.audit.verify().checked == 3


@pytest.mark.parametrize("moment", ["before", "behind"])
def test_interrupted_leader_loses_and_doubles_nothing_of_the_others(database, stores, moment):
    """Whether the commit was done or not, each of the others is stored once and told of it."""

    def interrupt():
        setattr(database, moment, lambda: None)
        raise KeyboardInterrupt

    with queued(database) as queue:
        queue.stand(append(stores, A, "leads"), append(stores, B, "b"), append(stores, A, "x"))
        setattr(database, moment, once_let_through(interrupt))
    done = moment == "behind"
    assert kinds(queue.answers()) == [
        KeyboardInterrupt,
        ["b"],
        WrongExpectedVersionError if done else ["x"],
    ]
    assert database.groups == [3, 2]
    assert texts(stores.events.read(A)) == (["leads"] if done else ["x"])
    assert texts(stores.events.read(B)) == ["b"]
    assert stores.audit.verify().checked == 2


def test_interrupt_of_a_caller_that_is_being_committed_is_a_lost_answer(database, stores, held):
    """The commit goes on for all of its group; a retry finds what was stored."""
    queue, inside, go_on = Queue(database._shared), threading.Event(), threading.Event()

    def stand_still():
        inside.set()
        go_on.wait(DEADLINE_S)

    queue.stand(append(stores, A, "leads"))

    def inside_the_commit():
        until(lambda: len(database._shared._waiting) == 2, "it waits")
        database.before = once_let_through(stand_still)
        held.set()
        return inside.wait(DEADLINE_S)

    alarm = interrupt_the_main_thread(inside_the_commit, "it is being committed")
    mine = append(stores, B, "mine")
    with pytest.raises(KeyboardInterrupt):
        mine()
    alarm.join(DEADLINE_S)
    go_on.set()
    assert kinds(queue.answers()) == [["leads"]]
    assert database.groups == [2]
    assert texts(mine()) == ["mine"]
    assert stores.audit.verify().checked == 2


# ---- processes


def test_killed_process_loses_nothing_that_it_acknowledged(store_url, tmp_path):
    """Two processes with many callers each: one is killed, and all that was told is there once."""
    open_database(store_url).close()
    for kill in range(KILLS):
        names = [f"{kill}-killed", f"{kill}-other"]
        noted = {name: Acknowledged(str(tmp_path / f"noted-{name}")) for name in names}
        kill_one(store_url, noted, *names, enough=tmp_path / f"enough-{kill}")
        judge(store_url, names, noted)


def kill_one(store_url, noted, victim, other, *, enough):
    """Kill one of two children while both append, and let the other one go on for a while."""
    children = {
        name: spawned(
            append_from_threads, store_url, name, CALLERS, str(enough), str(noted[name]._path)
        )
        for name in (victim, other)
    }
    until(lambda: all(len(one.all()) > 10 * CALLERS for one in noted.values()), "all append")
    children[victim].kill()
    assert finished(children[victim]) == -signal.SIGKILL
    count = len(noted[other].all())
    until(lambda: len(noted[other].all()) > count + CALLERS, "the other one goes on")
    enough.touch()
    assert finished(children[other]) == 0


def judge(store_url, names, noted):
    """Hold what is stored against what the callers of two processes were told."""
    with open_database(store_url) as database:
        stores = sql_stores(database)
        verdict = stores.audit.verify()
        assert verdict.ok, verdict
        for name in names:
            stored = Counter(
                e.metadata.command_id
                for caller in range(CALLERS)
                for e in stores.events.read(SessionId(f"{name}-{caller}"))
            )
            acknowledged = set(noted[name].all())
            assert set(stored.values()) == {1}
            assert acknowledged <= set(stored)
            # Of each caller only the last answer can have been lost.
            assert len(stored) - len(acknowledged) <= (CALLERS if "killed" in name else 0)


def test_wishes_are_of_every_kind():
    """The random appends that are compared hold good ones, wrong versions and used ids."""
    stores, sessions, wishes = memory_stores(), numbered(3), Wishes(seed=8)
    found = Counter()
    for _ in range(12):
        versions = {each: sum(1 for _ in stores.events.read(each)) for each in sessions}
        for wish in wishes.draw(versions, 8):
            assert isinstance(wish, Wish)
            answer = wish.ask(stores.events)
            found[answer.partition(":")[0] if isinstance(answer, str) else "stored"] += 1
    assert min(found.values()) > 2
    assert set(found) == {"stored", "WRONG_EXPECTED_VERSION", "COMMAND_ID_REUSED"}
