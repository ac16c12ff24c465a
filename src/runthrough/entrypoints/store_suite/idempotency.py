"""Idempotency: a command that comes again is answered, not done again."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from runthrough.core.events import EventEnvelope
from runthrough.entrypoints.store_suite.rule import (
    Rule,
    Stores,
    expect,
    expect_equal,
    expect_error,
    rule,
)
from runthrough.entrypoints.store_suite.threads import aside, together
from runthrough.entrypoints.store_suite.writing import (
    AT,
    METADATA,
    OTHER_REQUEST,
    REQUEST,
    A,
    B,
    Writer,
    new_command,
    said,
    texts,
)
from runthrough.errors import CommandIdReusedError, WrongExpectedVersionError

RULES: list[Rule] = []


@rule(RULES)
def retry_is_answered_with_the_stored_events(stores: Stores) -> None:
    """A command whose answer was lost is answered again with the events that it left."""
    writer, again = Writer(stores), new_command()
    writer.append(A, said("before"))
    first = writer.append(A, said("a"), said("b"), at_version=1, command_id=again)
    retried = writer.append(A, said("a"), said("b"), at_version=1, command_id=again)
    expect_equal(retried, first, "the answer to a retry")


@rule(RULES)
def retry_writes_nothing(stores: Stores) -> None:
    """A retry adds no event, and moves neither the session nor the log."""
    writer, again = Writer(stores), new_command()
    for at_version in (0, 1):
        writer.append(A, said("a"), at_version=at_version, command_id=again)
    expect_equal(writer.texts(A), ["a"], "texts")
    expect_equal(stores.audit.head().position, 1, "position of the head")


@rule(RULES)
def retry_is_answered_after_others_went_on(stores: Stores) -> None:
    """Events of others since then, and the version expected now, change no answer."""
    writer, again = Writer(stores), new_command()
    first = writer.append(A, said("a"), command_id=again)
    writer.append(A, said("b"))
    writer.append(B, said("c"))
    for at_version in (0, 1, 2, 9):
        retried = writer.append(A, said("a"), at_version=at_version, command_id=again)
        expect_equal(retried, first, f"the answer to a retry at version {at_version}")


@rule(RULES)
def retry_is_answered_with_the_first_facts(stores: Stores) -> None:
    """What the world looked like the second time does not count, nor when that was."""
    writer, again = Writer(stores), new_command()
    first = writer.append(A, said("there was a file"), command_id=again)
    later = AT + timedelta(hours=1)
    retried = writer.append(A, said("it is gone"), said("!"), command_id=again, recorded_at=later)
    expect_equal(retried, first, "the answer to a retry")
    expect_equal(writer.texts(A), ["there was a file"], "texts")


@rule(RULES)
def retry_from_another_session_is_answered_alike(stores: Stores) -> None:
    """A command id stands for one command of the whole log, whichever session it comes for."""
    writer, again = Writer(stores), new_command()
    first = writer.append(A, said("a"), command_id=again)
    retried = writer.append(B, said("a"), at_version=0, command_id=again)
    expect_equal(retried, first, "the answer to a retry")
    expect_equal(writer.texts(B), [], "texts of the other session")


@rule(RULES)
def command_id_with_another_request_is_refused(stores: Stores) -> None:
    """One id stands for one request: a second one is an error that names the id."""
    writer, again = Writer(stores), new_command()
    writer.append(A, said("a"), command_id=again)
    error = expect_error(
        CommandIdReusedError,
        lambda: writer.append(A, said("b"), command_id=again, request_hash=OTHER_REQUEST),
    )
    expect(again in str(error), f"the error does not name the command id: {error}")


@rule(RULES)
def another_request_writes_nothing(stores: Stores) -> None:
    """Of a request that comes under a used id no event is stored, in no session."""
    writer, again = Writer(stores), new_command()
    writer.append(A, said("a"), command_id=again)
    for session in (A, B):
        other = partial(writer.append, session, said("b"), request_hash=OTHER_REQUEST)
        expect_error(CommandIdReusedError, partial(other, command_id=again))
    expect_equal((writer.texts(A), writer.texts(B)), (["a"], []), "texts")


@rule(RULES)
def equal_requests_under_two_ids_are_two_commands(stores: Stores) -> None:
    """Who asks the same thing twice on purpose gets it twice."""
    writer = Writer(stores)
    writer.append(A, said("a"))
    writer.append(A, said("a"))
    expect_equal(writer.texts(A), ["a", "a"], "texts")


@rule(RULES)
def answer_gives_what_a_command_left(stores: Stores) -> None:
    """`answer` finds all events of a command that was handled, and no others."""
    writer, asked = Writer(stores), new_command()
    writer.append(A, said("before"))
    left = writer.append(A, said("a"), said("b"), command_id=asked)
    writer.append(A, said("after"))
    found = stores.events.answer(asked, request_hash=REQUEST)
    expect_equal(found, left, "the answer")


@rule(RULES)
def unknown_command_has_no_answer(stores: Stores) -> None:
    """A command that was never handled has no answer: `None`, which is no empty tuple."""
    Writer(stores).append(A, said("a"))
    found = stores.events.answer(new_command(), request_hash=REQUEST)
    expect_equal(found, None, "the answer")


@rule(RULES)
def answer_to_another_request_is_refused(stores: Stores) -> None:
    """`answer` is as strict as `append`: a used id with another request is an error."""
    writer, asked = Writer(stores), new_command()
    writer.append(A, said("a"), command_id=asked)
    expect_error(
        CommandIdReusedError, lambda: stores.events.answer(asked, request_hash=OTHER_REQUEST)
    )


@rule(RULES)
def refused_command_may_come_again(stores: Stores) -> None:
    """A command that was refused for its version is not known, and may be decided anew."""
    writer, again = Writer(stores), new_command()
    writer.append(A, said("a"))
    expect_error(
        WrongExpectedVersionError,
        lambda: writer.append(A, said("late"), at_version=0, command_id=again),
    )
    expect_equal(stores.events.answer(again, request_hash=REQUEST), None, "the answer")
    writer.append(A, said("in time"), at_version=1, command_id=again, request_hash=OTHER_REQUEST)
    expect_equal(writer.texts(A), ["a", "in time"], "texts")


@rule(RULES)
def undone_command_is_unknown(stores: Stores) -> None:
    """A command whose commit was undone has no answer, and may come again."""
    writer, again = Writer(stores), new_command()

    def append_and_fail() -> None:
        with stores.events.exclusive():
            writer.append(A, said("lost"), at_version=0, command_id=again)
            raise InterruptedError

    expect_error(InterruptedError, append_and_fail)
    expect_equal(stores.events.answer(again, request_hash=REQUEST), None, "the answer")
    stored = writer.append(A, said("kept"), at_version=0, command_id=again)
    expect_equal(texts(stored), ["kept"], "texts of the answer")


@rule(RULES)
def command_is_known_under_the_lock_that_wrote_it(stores: Stores) -> None:
    """A retry is answered before the commit to whoever holds the lock, and to nobody else."""
    writer, again = Writer(stores), new_command()
    with stores.events.exclusive():
        first = writer.append(A, said("a"), command_id=again)
        retried = writer.append(A, said("a"), at_version=0, command_id=again)
        outside = aside(lambda: stores.events.answer(again, request_hash=REQUEST))
    expect_equal(retried, first, "the answer to the holder")
    expect_equal(outside, None, "the answer to others")


@rule(RULES)
def racing_retries_are_written_once(stores: Stores) -> None:
    """Of threads that send one command at once all get one answer, and it is stored once."""
    again = new_command()

    def send(text: str) -> Callable[[], tuple[EventEnvelope, ...]]:
        return lambda: Writer(stores).append(A, said(text), at_version=0, command_id=again)

    answers = together(*map(send, "abcd"))
    stored = tuple(stores.events.read(A))
    expect_equal(len(stored), 1, "events that were stored")
    for answer in answers:
        expect_equal(answer, stored, "the answer to a thread")


@rule(RULES)
def answer_tells_who_it_was(stores: Stores) -> None:
    """An answer from the log carries the columns of the first time, whoever asks now."""
    writer, again = Writer(stores), new_command()
    writer.append(A, said("a"), command_id=again)
    retried = writer.append(A, said("a"), command_id=again, actor="bob@ws", door="http")
    found = [(envelope.metadata.actor, envelope.metadata.door) for envelope in retried]
    expect_equal(found, [(METADATA.actor, METADATA.door)], "actor and door of the answer")
