"""The change feed: the log of all sessions as it grows."""

import threading
from functools import partial
from time import monotonic

from runthrough.core.values.ids import SessionId
from runthrough.entrypoints.store_suite.rule import (
    Rule,
    Stores,
    expect,
    expect_equal,
    expect_error,
    rule,
)
from runthrough.entrypoints.store_suite.threads import (
    DEADLINE_S,
    QUIET_S,
    Aside,
    aside,
    together,
)
from runthrough.entrypoints.store_suite.writing import (
    A,
    B,
    C,
    Writer,
    numbered,
    positions,
    said,
    texts,
)

RULES: list[Rule] = []
_LONG = 2500
"""More than any store is likely to read at once."""


@rule(RULES)
def feed_of_an_empty_log_is_empty(stores: Stores) -> None:
    """Where nothing happened there is nothing to read, from the beginning or from later on."""
    expect_equal([*stores.feed.read(), *stores.feed.read(after=5)], [], "events")


@rule(RULES)
def feed_gives_all_sessions_in_the_order_of_the_log(stores: Stores) -> None:
    """The feed tells the events of all sessions by their positions."""
    writer = Writer(stores)
    for session, text in ((B, "1"), (A, "2"), (C, "3"), (A, "4"), (B, "5")):
        writer.append(session, said(text))
    found = list(stores.feed.read())
    expect_equal(positions(found), [1, 2, 3, 4, 5], "positions")
    expect_equal(texts(found), ["1", "2", "3", "4", "5"], "texts")


@rule(RULES)
def feed_gives_what_sessions_give(stores: Stores) -> None:
    """An envelope in the feed equals the one that is read of its session."""
    writer = Writer(stores)
    writer.append(A, said("a"), said("b"), actor="bob@ws")
    writer.append(B, said("c"))
    found = list(stores.feed.read())
    expect_equal(found, [*stores.events.read(A), *stores.events.read(B)], "envelopes")


@rule(RULES)
def feed_begins_behind_after(stores: Stores) -> None:
    """The event at the position `after` is left out, the next one is the first."""
    _five(stores)
    for after, wanted in ((0, [1, 2, 3, 4, 5]), (1, [2, 3, 4, 5]), (4, [5]), (5, []), (9, [])):
        expect_equal(positions(stores.feed.read(after=after)), wanted, f"positions after {after}")


@rule(RULES)
def feed_keeps_to_its_limit(stores: Stores) -> None:
    """At most `limit` events are told, the first ones; a limit of 0 is none."""
    _five(stores)
    for limit, wanted in ((2, [2, 3]), (1, [2]), (4, [2, 3, 4, 5]), (9, [2, 3, 4, 5]), (0, [])):
        found = positions(stores.feed.read(after=1, limit=limit))
        expect_equal(found, wanted, f"positions after 1, at most {limit}")


@rule(RULES)
def long_feed_is_read_whole(stores: Stores) -> None:
    """Thousands of events are told in order, none missing and none twice."""
    writer = Writer(stores)
    for session in (A, B):
        writer.append(session, *map(said, map(str, range(_LONG // 2))))
    expect_equal(positions(stores.feed.read()), list(range(1, _LONG + 1)), "positions")
    found = positions(stores.feed.read(after=500, limit=1500))
    expect_equal(found, list(range(501, 2001)), "positions after 500, at most 1500")


@rule(RULES)
def tailing_reader_misses_nothing(stores: Stores) -> None:
    """Who reads on from the last position while threads append gets every event, in order."""
    total = 20
    seen, moved = [0], threading.Condition()

    def tail() -> None:
        until = monotonic() + DEADLINE_S
        while seen[-1] < total and monotonic() < until:
            stores.feed.wait(after=seen[-1], timeout_s=QUIET_S)
            for envelope in stores.feed.read(after=seen[-1]):
                with moved:
                    seen.append(envelope.position)
                    moved.notify_all()

    def wait_for(position: int) -> None:
        with moved:
            moved.wait_for(lambda: seen[-1] >= position, DEADLINE_S)

    def write(session: SessionId) -> None:
        writer = Writer(stores)
        for _ in range(total // 4):
            (stored,) = writer.append(session, said("x"))
            wait_for(stored.position)  # so that the reader looks all along, not at the end alone

    reader = Aside(tail)
    together(*(partial(write, session) for session in numbered(4)))
    reader.result()
    expect_equal(seen, list(range(total + 1)), "positions that the reader saw")


@rule(RULES)
def waiting_ends_at_once_when_there_is_something(stores: Stores) -> None:
    """Whoever waits for what is there already does not wait."""
    Writer(stores).append(A, said("x"), said("y"))
    begun = monotonic()
    found = [stores.feed.wait(after=after, timeout_s=DEADLINE_S) for after in (0, 1)]
    expect_equal(found, [True, True], "what the waits told")
    expect(monotonic() - begun < DEADLINE_S, "a wait for what is there took its whole time")


@rule(RULES)
def waiting_ends_at_the_time_out(stores: Stores) -> None:
    """When nothing comes a wait lasts as long as was asked for, and tells so."""
    Writer(stores).append(A, said("x"))
    begun = monotonic()
    found = stores.feed.wait(after=1, timeout_s=QUIET_S)
    expect_equal(found, False, "what the wait told")
    # Clocks are coarse: half of the time is far from none.
    expect(monotonic() - begun > QUIET_S / 2, "a wait ended before its time")


@rule(RULES)
def waiting_without_time_tells_what_is_there(stores: Stores) -> None:
    """A wait of no seconds only tells whether there is an event behind that position."""
    found = [stores.feed.wait(after=0, timeout_s=0)]
    Writer(stores).append(A, said("x"), said("y"))
    found += [stores.feed.wait(after=after, timeout_s=0) for after in (0, 1, 2, 3)]
    expect_equal(found, [False, True, True, False, False], "answers before and after two events")


@rule(RULES)
def waiting_is_ended_by_an_append(stores: Stores) -> None:
    """Whoever waits is woken by another thread's append to any session, not before it."""
    Writer(stores).append(A, said("before"))
    ready, over = threading.Event(), threading.Event()

    def wait() -> bool:
        ready.set()
        found = stores.feed.wait(after=1, timeout_s=DEADLINE_S)
        over.set()
        return found

    waiting = Aside(wait)
    ready.wait(DEADLINE_S)
    expect(not over.wait(QUIET_S), "a wait ended although nothing was appended")
    Writer(stores).append(B, said("now"))
    expect_equal(waiting.result(), True, "what the wait told")


@rule(RULES)
def uncommitted_events_wake_nobody(stores: Stores) -> None:
    """What is appended under the lock is neither told nor waited for before the commit."""
    with stores.events.exclusive():
        Writer(stores).append(A, said("x"))
        woken = aside(lambda: stores.feed.wait(after=0, timeout_s=QUIET_S))
        told = aside(lambda: positions(stores.feed.read()))
    expect_equal((woken, told), (False, []), "what others heard before the commit")
    found = (stores.feed.wait(after=0, timeout_s=DEADLINE_S), positions(stores.feed.read()))
    expect_equal(found, (True, [1]), "what others heard after it")


@rule(RULES)
def undone_events_are_never_told(stores: Stores) -> None:
    """What was appended under a lock that failed is not in the feed."""

    def append_and_fail() -> None:
        with stores.events.exclusive():
            Writer(stores).append(A, said("lost"))
            raise InterruptedError

    expect_error(InterruptedError, append_and_fail)
    found = (stores.feed.wait(after=0, timeout_s=0), texts(stores.feed.read()))
    expect_equal(found, (False, []), "what the feed tells")


def _five(stores: Stores) -> None:
    """Five events of two sessions."""
    writer = Writer(stores)
    for session in (A, B, A, B, A):
        writer.append(session, said("x"))
