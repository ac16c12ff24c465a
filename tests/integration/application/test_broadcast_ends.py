"""Listeners that are too slow or at fault, faults of the store, and the end of a broadcast."""

import threading
from contextlib import closing

import pytest
from tests.support.handling import Recorded
from tests.support.scripts import until
from tests.support.stored import B, Writer, memory_stores
from tests.support.subscribers import (
    LONG_S,
    FailingFeed,
    Listener,
    append,
    broadcast_over,
    listening,
)

from runthrough.errors import LogCorruptError, StoreUnavailableError


@pytest.fixture
def stores():
    """In memory: what is tried here does not hang on where events are kept."""
    return memory_stores()


@pytest.fixture
def writer(stores):
    return Writer(stores.events)


@pytest.fixture
def feed(stores):
    """The feed of the log, which fails when it is told to."""
    return FailingFeed(stores.feed)


@pytest.fixture
def lines():
    return Recorded()


@pytest.fixture
def broadcast(stores, feed, lines):
    with closing(broadcast_over(stores, feed=feed, log=lines)) as opened:
        yield opened


def of(session):
    """Wants the events of one session."""
    return lambda event: event.session_id == session


def followers():
    return [thread for thread in threading.enumerate() if thread.name == "runthrough-broadcast"]


# ---- who is too slow


def test_a_subscriber_that_is_too_slow_is_closed_and_marked(broadcast, writer):
    """What waits for it can still be taken, and who goes on behind that has no gap."""
    slow, quick = listening(broadcast, room=2), listening(broadcast)
    for position in (1, 2, 3):
        append(writer, 1)
        quick.take_until(position)
    assert (slow.subscription.lagged, slow.subscription.closed) == (True, True)
    assert (quick.subscription.lagged, quick.subscription.closed) == (False, False)
    assert broadcast.listening == 1
    slow.take()
    assert slow.positions == [1, 2]
    again = listening(broadcast, after=slow.positions[-1])
    append(writer, 1)
    assert again.take_until(4) == [3, 4]
    assert not slow.take()


def test_a_subscriber_is_told_that_something_waits_and_that_it_was_closed(broadcast, writer):
    """In the follower's thread, once each time that something was put."""
    told = []
    slow = listening(
        broadcast, room=1, on_ready=lambda: told.append(threading.current_thread().name)
    )
    for count in (1, 2):
        append(writer, 1)
        until(lambda count=count: len(told) == count, "it is told")
    assert set(told) == {"runthrough-broadcast"}
    assert slow.subscription.lagged


@pytest.mark.parametrize("part", ["on_ready", "wanted"])
def test_the_fault_of_one_subscriber_is_its_own(broadcast, writer, lines, part):
    """It is closed with the fault and the log tells of it; the others get all."""

    def fail(*_):
        raise ZeroDivisionError(part)

    bad, good = listening(broadcast, **{part: fail}), listening(broadcast)
    append(writer, 2)
    assert good.take_until(2) == [1, 2]
    until(lambda: bad.subscription.closed, "it is closed")
    assert isinstance(bad.subscription.fault, ZeroDivisionError)
    assert good.subscription.fault is None
    assert "ZeroDivisionError" in lines.lines[0][1]["fault"]


# ---- faults of the store


def test_a_fault_of_the_store_is_survived(broadcast, feed, writer, lines):
    """Nothing is missed, and the log tells of each."""
    listener = listening(broadcast)
    feed.faults += [StoreUnavailableError("The database restarts.") for _ in range(2)]
    append(writer, 3)
    assert listener.take_until(3) == [1, 2, 3]
    assert [values["failed"] for _, values in lines.lines] == ["The database restarts."] * 2


def test_a_fault_while_it_is_behind_is_raised_to_the_subscriber(broadcast, feed, writer):
    """It can try again, and has missed nothing."""
    append(writer, 5)
    listener = Listener(broadcast.subscribe(after=0))
    listener.take()
    feed.faults.append(StoreUnavailableError("The database restarts."))
    with pytest.raises(StoreUnavailableError):
        listener.take()
    listener.catch_up()
    assert listener.positions == [1, 2, 3, 4, 5]


def test_a_log_that_cannot_be_read_ends_the_subscriptions(broadcast, feed, writer, lines):
    """With the fault, since silence would look like peace; the next one may try again."""
    listener = listening(broadcast)
    feed.faults.append(LogCorruptError(1, "no such type"))
    assert listener.take(LONG_S) is False
    assert isinstance(listener.subscription.fault, LogCorruptError)
    assert "no such type" in lines.lines[0][1]["fault"]
    append(writer, 1)
    again = listening(broadcast)
    append(writer, 1)
    assert again.take_until(2) == [1, 2]


def test_an_event_that_cannot_be_read_ends_those_that_it_is_for(broadcast, feed, writer, lines):
    """What comes before is given, also while it is behind; others pass over; it is logged once."""
    feed.unreadable.add(3)
    joined, other = listening(broadcast), listening(broadcast, wanted=of(B))
    append(writer, 4)
    append(writer, 1, B)
    assert joined.take_until(2) == [1, 2]
    assert other.take_until(5) == [5]
    behind, passing = listening(broadcast), listening(broadcast, wanted=of(B))
    assert (behind.positions, passing.positions) == ([1, 2], [5])
    for ended in (joined, behind):
        assert ended.subscription.closed
        assert (ended.subscription.fault.position, ended.subscription.seen) == (3, 2)
    assert not passing.subscription.closed
    assert broadcast.listening == 2
    assert [values["failed"] for _, values in lines.lines] == ["It is of a newer program."]
    assert listening(broadcast, after=3).positions == [4, 5]


def test_a_log_that_cannot_be_read_ends_who_is_behind_with_the_fault(broadcast, feed, writer):
    """It is told in place of what it waits for, and not raised."""
    append(writer, 1)
    feed.faults.append(LogCorruptError(1, "no such type"))
    listener = Listener(broadcast.subscribe(after=0))
    listener.take()
    assert isinstance(listener.subscription.fault, LogCorruptError)
    assert (listener.subscription.closed, broadcast.listening) == (True, 0)


# ---- beginning and end


def test_nothing_runs_before_somebody_has_joined(broadcast, writer):
    """A broadcast costs nothing until it is used, and has one thread then."""
    append(writer, 1)
    before = len(followers())
    subscription = broadcast.subscribe(after=0)
    assert len(followers()) == before
    Listener(subscription).catch_up()
    listening(broadcast)
    assert len(followers()) == before + 1
    assert broadcast.listening == 2


def test_the_end_closes_all_subscriptions_and_the_thread(broadcast, writer):
    """Also those that are behind, and who comes later; one who waits is told at once."""
    before = len(followers())
    joined, behind = listening(broadcast), broadcast.subscribe(after=0)
    waiting = threading.Thread(target=joined.take, args=(LONG_S,))
    waiting.start()
    broadcast.close()
    waiting.join(LONG_S)
    assert not waiting.is_alive()
    assert len(followers()) == before
    late = broadcast.subscribe(after=0)
    for subscription in (joined.subscription, behind, late):
        assert (subscription.closed, subscription.behind) == (True, False)
        assert (subscription.lagged, subscription.fault) == (False, None)
        assert subscription.take() == []
    assert broadcast.listening == 0


def test_who_has_left_gets_nothing_more(broadcast, writer):
    """What waited is dropped, and its room counts for nobody."""
    left, stays = listening(broadcast), listening(broadcast)
    append(writer, 1)
    stays.take_until(1)
    left.subscription.close()
    append(writer, 1)
    stays.take_until(2)
    assert left.subscription.take() == []
    assert broadcast.listening == 1
