"""Mutants that do again what was done, or answer with something else."""

from dataclasses import replace
from typing import Any

from tests.support.mutants.frame import breaks, with_column

from runthrough.adapters.store import codec
from runthrough.adapters.store.memory import MemoryEventStore
from runthrough.core.events import EventEnvelope
from runthrough.errors import CommandIdReusedError, WrongExpectedVersionError


class Asks(MemoryEventStore):
    """Answers a known command in its own way."""

    def retried(self, known, session_id, asked: dict[str, Any]) -> tuple[EventEnvelope, ...]:
        """The answer to a command that is known."""
        raise NotImplementedError

    def append(self, session_id, **asked):
        known = left_by(self, asked["metadata"].command_id)
        if known:
            return self.retried(known, session_id, asked)
        return super().append(session_id, **asked)


def left_by(store: MemoryEventStore, command_id: str) -> tuple[EventEnvelope, ...]:
    """What a command left, whatever was asked."""
    return tuple(map(codec.decode, store._database.tables.of_command(command_id)))


@breaks(
    "retry_is_answered_with_the_stored_events",
    "retry_is_answered_after_others_went_on",
    "retry_from_another_session_is_answered_alike",
    "command_is_known_under_the_lock_that_wrote_it",
    "racing_retries_are_written_once",
)
class DoesNothingOnConflict(Asks):
    """A retry is dropped and answered with nothing."""

    def retried(self, known, session_id, asked):
        return ()


@breaks("retry_is_answered_with_the_stored_events")
class AnswersWithTheFirstEvent(Asks):
    """Of what a command left, a retry is answered with the first event."""

    def retried(self, known, session_id, asked):
        return known[:1]


@breaks("retry_is_answered_after_others_went_on")
class AnswersWithTheLatestCommand(Asks):
    """A retry is answered with what the session's latest command left."""

    def retried(self, known, session_id, asked):
        latest = self._database.tables.of_session(session_id)[-1]
        return left_by(self, latest.command_id)


@breaks(
    "retry_is_answered_with_the_first_facts",
    "answer_tells_who_it_was",
    "racing_retries_are_written_once",
)
class AnswersWithWhatWasSent(Asks):
    """A retry is answered with the events and columns that it brought."""

    def retried(self, known, session_id, asked):
        return tuple(
            replace(envelope, event=event, metadata=asked["metadata"])
            for envelope, event in zip(known, asked["events"], strict=False)
        )


@breaks("retry_writes_nothing", "racing_retries_are_written_once")
class ForgetsCommands(MemoryEventStore):
    """A retry is written again."""

    count = 0

    def append(self, session_id, **asked):
        self.count += 1
        forgotten = f"{asked['metadata'].command_id}-{self.count}"
        return super().append(session_id, **with_column(asked, command_id=forgotten))


@breaks("retry_from_another_session_is_answered_alike")
class KnowsCommandsOfOneSession(MemoryEventStore):
    """A command that comes for another session is another command."""

    def append(self, session_id, **asked):
        own = f"{asked['metadata'].command_id}/{session_id}"
        return super().append(session_id, **with_column(asked, command_id=own))


@breaks("command_id_with_another_request_is_refused", "another_request_writes_nothing")
class NeverComparesRequests(Asks):
    """Another request under a used id is answered as if it were a retry."""

    def retried(self, known, session_id, asked):
        return known


@breaks("command_id_with_another_request_is_refused")
class DoesNotNameTheCommand(MemoryEventStore):
    """The error about a used id does not say which one it is."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except CommandIdReusedError as error:
            raise CommandIdReusedError("?") from error


@breaks("another_request_writes_nothing")
class WritesTheOtherRequest(MemoryEventStore):
    """Another request under a used id is written before it is refused."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except CommandIdReusedError:
            found = len(self._database.tables.of_session(session_id))
            again = asked | {"expected_version": found}
            super().append(session_id, **with_column(again, command_id="other"))
            raise


@breaks("equal_requests_under_two_ids_are_two_commands")
class TellsCommandsByTheirRequest(MemoryEventStore):
    """A request that was handled once is not done again, under whatever id it comes."""

    def append(self, session_id, **asked):
        for row in self._database.tables.log:
            if row.request_hash == asked["request_hash"]:
                return left_by(self, row.command_id)
        return super().append(session_id, **asked)


@breaks("answer_gives_what_a_command_left")
class AnswerIsOneEvent(MemoryEventStore):
    """`answer` gives the first event of a command alone."""

    def answer(self, command_id, **asked):
        found = super().answer(command_id, **asked)
        return found and found[:1]


@breaks("unknown_command_has_no_answer")
class AnswersTheUnknown(MemoryEventStore):
    """`answer` gives an empty tuple for a command that it does not know."""

    def answer(self, command_id, **asked):
        return super().answer(command_id, **asked) or ()


@breaks("answer_to_another_request_is_refused")
class AnswersAnyRequest(MemoryEventStore):
    """`answer` does not look at the request."""

    def answer(self, command_id, **asked):
        return left_by(self, command_id) or None


@breaks("refused_command_may_come_again")
class RemembersRefusals(MemoryEventStore):
    """A command that was refused counts as handled."""

    def __init__(self, database):
        super().__init__(database)
        self._refused: set[str] = set()

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except WrongExpectedVersionError:
            self._refused.add(asked["metadata"].command_id)
            raise

    def answer(self, command_id, **asked):
        return () if command_id in self._refused else super().answer(command_id, **asked)


@breaks("undone_command_is_unknown", "command_is_known_under_the_lock_that_wrote_it")
class RemembersAnswersBesideTheLog(MemoryEventStore):
    """Answers are kept in a cache that knows nothing of commits."""

    def __init__(self, database):
        super().__init__(database)
        self._answers: dict[str, tuple[EventEnvelope, ...]] = {}

    def append(self, session_id, **asked):
        stored = super().append(session_id, **asked)
        return self._answers.setdefault(asked["metadata"].command_id, stored)

    def answer(self, command_id, **asked):
        return self._answers.get(command_id)
