"""Reading a session: bounds, and all between them."""

from datetime import datetime, timedelta, timezone

from runthrough.core.events import SessionForked
from runthrough.core.values.ids import SessionId, Version
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect_equal, rule
from runthrough.entrypoints.store_suite.writing import (
    AT,
    NOBODYS,
    A,
    B,
    C,
    Writer,
    said,
    started,
    texts,
    versions,
)

RULES: list[Rule] = []
_LONG = 2500
"""More than any store is likely to read at once."""


@rule(RULES)
def unknown_session_is_empty(stores: Stores) -> None:
    """Reading a session that is not there yields nothing and is no error."""
    Writer(stores).append(B, said("other"))
    expect_equal(list(stores.events.read(A)), [], "events of an unknown session")


@rule(RULES)
def reading_gives_one_session_alone(stores: Stores) -> None:
    """A session is read without the events of others, however they are mixed in the log."""
    writer = Writer(stores)
    for session, text in ((A, "a1"), (B, "b1"), (A, "a2"), (B, "b2")):
        writer.append(session, said(text))
    expect_equal(writer.texts(A), ["a1", "a2"], "texts of one session")
    expect_equal({e.session_id for e in stores.events.read(B)}, {B}, "sessions that were read")


@rule(RULES)
def reading_begins_behind_after(stores: Stores) -> None:
    """The event of version `after` is left out, the next one is the first."""
    _four(stores)
    for after, wanted in ((0, [1, 2, 3, 4]), (1, [2, 3, 4]), (3, [4]), (4, [])):
        found = versions(stores.events.read(A, after=after))
        expect_equal(found, wanted, f"versions after {after}")


@rule(RULES)
def reading_ends_with_upto(stores: Stores) -> None:
    """The event of version `upto` is the last one that is read."""
    _four(stores)
    for upto, wanted in ((1, [1]), (3, [1, 2, 3]), (4, [1, 2, 3, 4])):
        found = versions(stores.events.read(A, upto=upto))
        expect_equal(found, wanted, f"versions up to {upto}")


@rule(RULES)
def reading_keeps_to_both_bounds(stores: Stores) -> None:
    """Between two bounds there is what both allow."""
    _four(stores)
    for after, upto, wanted in ((1, 3, [2, 3]), (2, 3, [3]), (2, 2, []), (3, 1, [])):
        found = versions(stores.events.read(A, after=after, upto=upto))
        expect_equal(found, wanted, f"versions after {after} up to {upto}")


@rule(RULES)
def upto_zero_reads_nothing(stores: Stores) -> None:
    """Version 0 is the time before the first event, not the absence of a bound."""
    _four(stores)
    expect_equal(versions(stores.events.read(A, upto=0)), [], "versions up to 0")


@rule(RULES)
def bounds_behind_the_end_are_no_error(stores: Stores) -> None:
    """Behind the last event there is nothing, and a later `upto` reads all there is."""
    _four(stores)
    expect_equal(versions(stores.events.read(A, after=9)), [], "versions after 9")
    found = versions(stores.events.read(A, after=2, upto=9))
    expect_equal(found, [3, 4], "versions after 2 up to 9")


@rule(RULES)
def reading_again_gives_the_same(stores: Stores) -> None:
    """What was read once is read again, whatever was appended since."""
    writer = Writer(stores)
    writer.append(A, said("a"), said("b"))
    first = list(stores.events.read(A))
    writer.append(A, said("c"))
    expect_equal(list(stores.events.read(A, upto=2)), first, "what was read again")


@rule(RULES)
def long_session_is_read_whole(stores: Stores) -> None:
    """Thousands of events are read in order, none missing and none twice, from any version on."""
    writer = Writer(stores)
    writer.append(B, said("other"))
    writer.append(A, *(said(str(number)) for number in range(1, _LONG + 1)))
    found = texts(stores.events.read(A))
    expect_equal(found, [str(number) for number in range(1, _LONG + 1)], "texts")
    for after, upto in ((999, 2001), (1000, 2000), (1001, _LONG)):
        expect_equal(
            versions(stores.events.read(A, after=after, upto=upto)),
            list(range(after + 1, upto + 1)),
            f"versions after {after} up to {upto}",
        )


@rule(RULES)
def version_at_a_time_is_the_last_up_to_then(stores: Stores) -> None:
    """The version at a time is that of the last event that was recorded then or before."""
    writer = Writer(stores)
    writer.append(A, said("a"), said("b"))
    writer.append(B, said("x"), recorded_at=AT + timedelta(seconds=1))
    writer.append(A, said("c"), recorded_at=AT + timedelta(seconds=2))
    asked = (-1, 0, 1, 2, 3)
    found = [_version_at(stores, A, seconds) for seconds in asked]
    expect_equal(found, [0, 2, 2, 3, 3], f"versions {asked} seconds later")
    found = [_version_at(stores, NOBODYS, 3), _version_at(stores, B, 0.999_999)]
    expect_equal(found, [0, 0], "of an unknown session, and just before the first event")
    elsewhere = (AT + timedelta(seconds=2)).astimezone(timezone(timedelta(hours=-5)))
    expect_equal(stores.events.version_at(A, at=elsewhere), 3, "of a time in another zone")


@rule(RULES)
def clock_that_went_back_hides_nothing(stores: Stores) -> None:
    """What a clock that went back recorded stands behind what was recorded later."""
    writer = Writer(stores)
    for text, seconds in (("a", 0), ("b", 10), ("c", 5), ("d", 20)):
        writer.append(A, said(text), recorded_at=AT + timedelta(seconds=seconds))
    asked = (0, 5, 9, 10, 19, 20)
    found = [_version_at(stores, A, seconds) for seconds in asked]
    expect_equal(found, [1, 1, 1, 3, 3, 4], f"versions {asked} seconds later")


@rule(RULES)
def version_at_a_time_before_a_fork_is_its_ancestors(stores: Stores) -> None:
    """A fork was, before it began, what its ancestors were, each up to where it was forked."""
    writer = Writer(stores)
    for text, seconds in (("a", 0), ("b", 10), ("c", 20), ("d", 30)):
        writer.append(A, said(text) if text != "a" else started("heron"), recorded_at=_at(seconds))
    for session, parent, at, seconds in ((B, A, 3, 40), (C, B, 4, 50)):
        forked = SessionForked(parent=parent, at=Version(at), name=f"of {parent}")
        writer.append(session, forked, at_version=at, recorded_at=_at(seconds))
    asked = (-1, 0, 15, 20, 30, 39, 40, 49, 50, 60)
    found = [_version_at(stores, C, seconds) for seconds in asked]
    expect_equal(found, [0, 1, 2, 3, 3, 3, 4, 4, 5, 5], f"versions {asked} seconds later")


def _at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def _version_at(stores: Stores, session_id: SessionId, seconds: float) -> int:
    return stores.events.version_at(session_id, at=_at(seconds))


def _four(stores: Stores) -> None:
    """Four events of one session, between those of another."""
    writer = Writer(stores)
    for number in range(4):
        writer.append(B, said("other"))
        writer.append(A, said(str(number)))
