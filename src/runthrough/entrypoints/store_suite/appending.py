"""Appending: versions, positions, refusals."""

from collections.abc import Callable
from functools import partial
from typing import Any

from runthrough.core.events import NodeMarkedExternal
from runthrough.core.values.ids import NodeName, SessionId
from runthrough.entrypoints.store_suite.rule import (
    Rule,
    Stores,
    expect,
    expect_equal,
    expect_error,
    rule,
)
from runthrough.entrypoints.store_suite.threads import together
from runthrough.entrypoints.store_suite.writing import (
    A,
    B,
    C,
    Writer,
    numbered,
    positions,
    said,
    started,
    texts,
    versions,
)
from runthrough.errors import StoreError, WrongExpectedVersionError

RULES: list[Rule] = []
_TEXT_COLUMNS = (
    "actor",
    "host",
    "app_version",
    "command_id",
    "correlation_id",
    "causation_id",
)


@rule(RULES)
def first_version_is_one(stores: Stores) -> None:
    """A session's first event has version 1, and the next ones count on from it."""
    writer = Writer(stores)
    writer.append(A, said("a"), said("b"))
    writer.append(A, said("c"))
    expect_equal(versions(stores.events.read(A)), [1, 2, 3], "versions")


@rule(RULES)
def each_session_counts_its_own_versions(stores: Stores) -> None:
    """What is appended to one session moves no other session's version."""
    writer = Writer(stores)
    for session in (A, B, A, B, B):
        writer.append(session, said("x"))
    found = [versions(stores.events.read(session)) for session in (A, B)]
    expect_equal(found, [[1, 2], [1, 2, 3]], "versions of two sessions")


@rule(RULES)
def positions_have_no_holes_over_all_sessions(stores: Stores) -> None:
    """The log counts the events of all sessions from 1, without a hole."""
    writer = Writer(stores)
    for session in (A, B, A, B, B):
        writer.append(session, said("x"), said("y"))
    found = [*stores.events.read(A), *stores.events.read(B)]
    expect_equal(sorted(positions(found)), list(range(1, 11)), "positions")


@rule(RULES)
def later_commits_have_later_positions(stores: Stores) -> None:
    """Positions are in the order of the commits, whichever session they are of."""
    writer = Writer(stores)
    answers = [writer.append(session, said("x"), said("y")) for session in (B, A, C, A, B)]
    found = [position for answer in answers for position in positions(answer)]
    expect_equal(found, list(range(1, 11)), "positions in the order of the appends")


@rule(RULES)
def append_answers_with_what_is_stored(stores: Stores) -> None:
    """An append answers with the envelopes that are read back later."""
    writer = Writer(stores)
    answer = writer.append(A, started("heron"), NodeMarkedExternal(node=NodeName("n"), outputs={}))
    expect_equal(answer, tuple(stores.events.read(A)), "the answer of an append")


@rule(RULES)
def events_of_a_command_keep_their_order(stores: Stores) -> None:
    """The events of one command are stored in the order in which they were given."""
    writer = Writer(stores)
    given = ["b", "a", "d", "c", "a"]
    writer.append(A, *map(said, given))
    expect_equal(writer.texts(A), given, "texts")


@rule(RULES)
def late_writer_is_refused(stores: Stores) -> None:
    """Whoever has not seen the session's last event is refused."""
    writer = Writer(stores)
    writer.append(A, said("a"))
    writer.append(A, said("b"))
    expect_error(WrongExpectedVersionError, lambda: writer.append(A, said("c"), at_version=1))


@rule(RULES)
def early_writer_is_refused(stores: Stores) -> None:
    """Whoever expects events that are not there is refused, in a new session too."""
    writer = Writer(stores)
    writer.append(A, said("a"))
    expect_error(WrongExpectedVersionError, lambda: writer.append(A, said("c"), at_version=2))
    expect_error(WrongExpectedVersionError, lambda: writer.append(B, said("c"), at_version=1))


@rule(RULES)
def refusal_tells_expected_and_found(stores: Stores) -> None:
    """A refused append tells the version that was expected and the one that is there."""
    writer = Writer(stores)
    writer.append(A, said("a"), said("b"), said("c"))
    writer.append(B, said("x"))
    error = expect_error(
        WrongExpectedVersionError, lambda: writer.append(A, said("late"), at_version=1)
    )
    expect_equal((error.expected, error.found), (1, 3), "expected and found version")


@rule(RULES)
def refused_append_writes_nothing(stores: Stores) -> None:
    """Of an append that is refused for its version no event is stored."""
    writer = Writer(stores)
    writer.append(A, said("first"))
    expect_error(
        WrongExpectedVersionError, lambda: writer.append(A, said("a"), said("b"), at_version=0)
    )
    expect_equal(writer.texts(A), ["first"], "texts")
    expect_equal(stores.audit.head().position, 1, "position of the head")


@rule(RULES)
def refused_append_leaves_no_hole(stores: Stores) -> None:
    """The next append takes the position that a refused one did not get."""
    writer = Writer(stores)
    writer.append(A, said("a"))
    expect_error(WrongExpectedVersionError, lambda: writer.append(A, said("late"), at_version=0))
    expect_error(StoreError, lambda: writer.append(A, said("unfit"), actor="a\nb"))
    expect_equal(positions(writer.append(B, said("b"))), [2], "the next position")


@rule(RULES)
def command_is_stored_whole_or_not_at_all(stores: Stores) -> None:
    """When one event of a command cannot be stored, none of them is."""
    writer = Writer(stores)
    unfit = NodeMarkedExternal(node=NodeName("a\nb"), outputs={})
    expect_error(StoreError, lambda: writer.append(A, said("fine"), unfit, said("fine too")))
    expect_equal(writer.texts(A), [], "texts")
    expect_equal(stores.audit.head().position, 0, "position of the head")


@rule(RULES)
def empty_append_is_refused(stores: Stores) -> None:
    """Every command leaves an event: an append without one is a `ValueError`."""
    writer = Writer(stores)
    expect_error(ValueError, lambda: writer.append(A))


@rule(RULES)
def control_characters_in_columns_are_refused(stores: Stores) -> None:
    """A control character, which could forge a header, is refused, and the column is named."""
    writer = Writer(stores)
    for column in _TEXT_COLUMNS:
        for character in "\x00\n\x1f\x7f\x9f":
            unfit: dict[str, Any] = {column: f"a{character}b"}
            error = expect_error(StoreError, partial(writer.append, A, said("x"), **unfit))
            expect(column in str(error), f"the error does not name {column}: {error}")
    expect_error(StoreError, lambda: writer.append(SessionId("a\nb"), said("x")))
    expect_equal(stores.audit.head().position, 0, "position of the head")


@rule(RULES)
def text_that_is_not_unicode_is_refused(stores: Stores) -> None:
    """Half a surrogate pair has no bytes in UTF-8, so it is refused, in payloads and columns."""
    writer = Writer(stores)
    expect_error(StoreError, lambda: writer.append(A, said("\ud800")))
    expect_error(StoreError, lambda: writer.append(A, said("x"), actor="\udfff"))
    expect_equal(writer.texts(A), [], "texts")


@rule(RULES)
def one_of_racing_writers_wins(stores: Stores) -> None:
    """Of threads that append at the same version, one is answered and all others are refused."""

    def race(name: str) -> Callable[[], bool]:
        def attempt() -> bool:
            try:
                Writer(stores).append(A, said(name), at_version=0)
            except WrongExpectedVersionError:
                return False
            return True

        return attempt

    won = together(*map(race, "abcd"))
    expect_equal(sum(won), 1, "writers that were answered")
    expect_equal(len(list(stores.events.read(A))), 1, "events that were stored")


@rule(RULES)
def threads_lose_nothing(stores: Stores) -> None:
    """Threads that append at once, each to its own session, leave all events and no hole."""
    sessions = numbered(4)
    given = [str(number) for number in range(5)]

    def write(session: SessionId) -> Callable[[], None]:
        def append_all() -> None:
            writer = Writer(stores)
            for text in given:
                writer.append(session, said(text))

        return append_all

    together(*map(write, sessions))
    for session in sessions:
        expect_equal(texts(stores.events.read(session)), given, "texts of one thread")
    expect_equal(positions(stores.feed.read()), list(range(1, 21)), "positions")
