"""The queue of a group commit without a database: who leads, who waits, who is told what."""

import threading
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.grouped import Queue
from tests.support.stored import DEADLINE_S

from runthrough.adapters.store import grouping
from runthrough.adapters.store.grouping import SharedAppend, SharedCommits, chained
from runthrough.adapters.store.turns import Place
from runthrough.core.values.store import ZERO_HASH, StoredEvent
from runthrough.errors import LogCorruptError, StoreUnavailableError, WrongExpectedVersionError


def stored(session_id, place, count=1):
    """Rows behind a place, each told by where it stands."""
    return [
        StoredEvent(
            place.position + number,
            session_id,
            (place.version or 0) + number,
            *[""] * 14,
            f"{place.event_hash}+{number}",
            f"{place.log_hash}+{number}",
        )
        for number in range(1, count + 1)
    ]


def wish(session_id="a", version=0, command_id="c", count=1):
    """An append of so many rows."""
    return SharedAppend(
        session_id,
        version=version,
        command_id=command_id,
        seal=lambda place: stored(session_id, place, count),
    )


@dataclass
class Log:
    """Commits whom it is given when it is told to; fails as it is told."""

    groups: list[list[str]] = field(default_factory=list)
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    wanted: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    lost: list[Exception] = field(default_factory=list)

    def commit(self, take):
        self.wanted.release()
        assert self.turn.acquire(timeout=DEADLINE_S)
        if self.lost:
            raise self.lost.pop()
        group = take()
        self.groups.append([each.command_id for each in group])
        for each in group:
            each.settle(stored(each.session_id, Place(0, "", 0, "", None)))


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def shared(log):
    return SharedCommits(log.commit)


def asking(shared, command_id):
    """A caller that tells its command when it is answered."""
    return lambda: shared.append(wish(command_id=command_id)) and command_id


def test_whoever_comes_while_one_waits_for_the_turn_goes_with_it(log, shared):
    """The first one leads, takes all who wait when its turn comes, and each is answered."""
    queue = Queue(shared)
    queue.stand(*(asking(shared, name) for name in "abc"))
    log.turn.release()
    assert queue.answers() == ["a", "b", "c"]
    assert log.groups == [["a", "b", "c"]]
    assert shared._leader is None


def test_no_group_is_longer_than_its_bound(log, shared, monkeypatch):
    """Those who are left over are led by the next of them, in the order in which they came."""
    monkeypatch.setattr(grouping, "GROUP_LENGTH", 2)
    queue = Queue(shared)
    queue.stand(*(asking(shared, name) for name in "abcde"))
    for _ in range(3):
        log.turn.release()
    assert queue.answers() == list("abcde")
    assert log.groups == [["a", "b"], ["c", "d"], ["e"]]


def test_queue_has_no_more_in_it_than_its_bound(log, monkeypatch):
    """Who comes to a full queue waits outside of it, and is served when there is room."""
    monkeypatch.setattr(grouping, "QUEUE_LENGTH", 3)
    shared = SharedCommits(log.commit)
    queue = Queue(shared)
    queue.stand(*(asking(shared, name) for name in "abc"))
    for name in "de":
        queue.begin(asking(shared, name))
    assert log.wanted.acquire(timeout=DEADLINE_S)
    assert not shared._room.acquire(blocking=False)
    log.turn.release()
    assert log.wanted.acquire(timeout=DEADLINE_S)
    assert log.groups == [["a", "b", "c"]]
    for _ in range(2):
        log.turn.release()
    assert sorted(queue.answers()) == list("abcde")


def test_turn_that_is_not_had_fails_those_who_waited_all_the_time(log, shared):
    """Who came later still gets a turn; who waited as long as the leader is told as it is."""
    queue = Queue(shared)
    queue.stand(asking(shared, "leads"))
    assert log.wanted.acquire(timeout=DEADLINE_S)
    queue.stand(asking(shared, "came later"), asking(shared, "even later"))
    log.lost = [StoreUnavailableError("It is locked.")] * 2
    log.turn.release()
    assert log.wanted.acquire(timeout=DEADLINE_S)
    assert len(shared._waiting) == 2
    log.turn.release()
    answers = queue.answers()
    assert [type(answer) for answer in answers] == [StoreUnavailableError] * 3
    assert [(answer.message, answer.fix) for answer in answers] == [("It is locked.", None)] * 3
    assert [str(answer) for answer in answers] == ["It is locked."] * 3
    assert len({id(answer) for answer in answers}) == 3, "each caller raises one of its own"
    assert all(isinstance(answer.__cause__, StoreUnavailableError) for answer in answers)
    assert log.groups == []
    log.turn.release()
    assert asking(shared, "afterwards")() == "afterwards"


def test_error_of_the_commit_is_everybody_s_who_has_no_outcome(log, shared):
    """Who was settled before the error keeps its outcome."""

    def commit(take):
        assert log.turn.acquire(timeout=DEADLINE_S)
        first, *_ = take()
        first.settle([])
        raise ValueError("broken")

    shared._commit = commit
    queue = Queue(shared)
    queue.stand(*(partial(shared.append, wish()) for _ in range(3)))
    log.turn.release()
    first, *others = queue.answers()
    assert first == []
    assert [str(error) for error in others] == ["broken"] * 2


def test_leader_that_is_interrupted_leaves_the_others_to_the_next(log, shared):
    """Its own append is taken back, those of its group stand in the queue as before."""

    def interrupted(take):
        assert log.turn.acquire(timeout=DEADLINE_S)
        take()
        shared._commit = log.commit
        raise KeyboardInterrupt

    shared._commit = interrupted
    queue = Queue(shared)
    queue.stand(*(asking(shared, name) for name in "abc"))
    log.turn.release()
    assert log.wanted.acquire(timeout=DEADLINE_S)
    queue.begin(asking(shared, "d"))
    queue.has(3)
    log.turn.release()
    answers = queue.answers()
    assert isinstance(answers[0], KeyboardInterrupt)
    assert answers[1:] == ["b", "c", "d"]
    assert log.groups == [["b", "c", "d"]]


def test_leader_gives_way_to_those_who_were_answered_with_it(log, shared):
    """After a shared commit one who comes alone goes through the queue once, and no more."""
    queue = Queue(shared)
    queue.stand(*(asking(shared, name) for name in "ab"))
    assert shared.busy
    log.turn.release()
    queue.answers()
    assert shared.busy
    log.turn.release()
    assert asking(shared, "c")() == "c"
    assert not shared.busy


# ---- the chain of a group

_WISHES = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(0, 4), st.sampled_from("uvwxyz"), st.integers(1, 2)
    ),
    min_size=1,
    max_size=8,
)


class Told:
    """A log that tells places, and takes rows."""

    def __init__(self):
        self.rows = [StoredEvent(1, "a", 1, *[""] * 14, "a1", "log1")._replace(command_id="u")]

    def place(self, each):
        of_session = [row for row in self.rows if row.session_id == each.session_id]
        known = any(row.command_id == each.command_id for row in self.rows)
        last = of_session[-1] if of_session else None
        return Place(
            self.rows[-1].position,
            self.rows[-1].log_hash,
            last.version if last else None,
            last.event_hash if last else None,
            ZERO_HASH if known else None,
        )

    def take(self, group):
        rows, outcomes = chained(group, [self.place(each) for each in group])
        self.rows += rows
        return [
            (type(outcome), outcome.expected, outcome.found)
            if isinstance(outcome, WrongExpectedVersionError)
            else outcome
            for outcome in outcomes
        ]


def asked(session_id, version, command_id, count):
    """An append whose rows carry its command."""
    return SharedAppend(
        session_id,
        version=version,
        command_id=command_id,
        seal=lambda place: [
            row._replace(command_id=command_id) for row in stored(session_id, place, count)
        ],
    )


@given(_WISHES)
def test_group_is_chained_as_its_appends_one_by_one(drawn):
    """Rows and outcomes of a group are those of the same appends, each a group of its own."""
    together, alone = Told(), Told()
    group = [asked(*each) for each in drawn]
    outcomes = together.take(group)
    assert outcomes == [outcome for each in group for outcome in alone.take([each])]
    assert together.rows == alone.rows


def test_log_without_a_head_is_told():
    """A log that has no place for anything is broken, and says so."""
    with pytest.raises(LogCorruptError, match="the head of the log is missing"):
        chained([wish()], [])
