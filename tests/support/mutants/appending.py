"""Mutants that append what they should not, or number it wrongly."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import Any

from tests.support.mutants.frame import Meeting, breaks, with_column

from runthrough.adapters.store.memory import MemoryEventStore
from runthrough.adapters.store.memory_tables import MemoryDatabase
from runthrough.core.events import EventEnvelope
from runthrough.errors import StoreError, WrongExpectedVersionError


class Shows(MemoryEventStore):
    """Changes envelopes when they are read."""

    def shown(self, envelope: EventEnvelope) -> EventEnvelope:
        """What the reader sees."""
        raise NotImplementedError

    def read(self, session_id, **bounds: Any):
        return map(self.shown, super().read(session_id, **bounds))


class Answers(Shows):
    """Changes envelopes when they are read, and in the answers of appends."""

    def append(self, session_id, **asked: Any):
        return tuple(map(self.shown, super().append(session_id, **asked)))


def length(store: MemoryEventStore, session_id: str) -> int:
    """Events of the session, as the store has them."""
    return len(store._database.tables.of_session(session_id))


@breaks("first_version_is_one")
class CountsFromZero(Shows):
    """The first version of a session is 0."""

    def shown(self, envelope):
        return replace(envelope, version=envelope.version - 1)


@breaks("each_session_counts_its_own_versions")
class OneCounterForAllSessions(Shows):
    """A version is a place in the whole log."""

    def shown(self, envelope):
        return replace(envelope, version=envelope.position)


@breaks(
    "positions_have_no_holes_over_all_sessions",
    "later_commits_have_later_positions",
)
class LeavesAHole(Answers):
    """Position 2 is never given."""

    def shown(self, envelope):
        return replace(envelope, position=envelope.position + (envelope.position > 1))


@breaks("later_commits_have_later_positions")
class NumbersBackwards(Answers):
    """Of two commits that follow each other the later one gets the earlier positions."""

    def shown(self, envelope):
        block, place = divmod(envelope.position - 1, 4)
        return replace(envelope, position=4 * block + (place + 2) % 4 + 1)


@breaks("refused_append_leaves_no_hole", "undone_positions_are_given_again")
class TakesPositionsFromASequence(Answers):
    """A position that was taken for a refused or undone append is never given again."""

    burnt = 0

    def shown(self, envelope):
        return replace(envelope, position=envelope.position + self.burnt)

    def append(self, session_id, **asked):
        before = self._database._committed
        try:
            return super().append(session_id, **asked)
        except StoreError:
            self.burnt += 1
            self._database._committed = before
            raise

    def exclusive(self):
        return _Counting(self, super().exclusive())


class _Counting:
    def __init__(self, store, lock):
        self._store, self._lock = store, lock

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, kind, error, traceback):
        self._store.burnt += kind is not None
        return self._lock.__exit__(kind, error, traceback)


@breaks("append_answers_with_what_is_stored")
class AnswersWithDrafts(MemoryEventStore):
    """An append answers with envelopes that have no place in the log yet."""

    def append(self, session_id, **asked):
        stored = super().append(session_id, **asked)
        return tuple(replace(envelope, position=0) for envelope in stored)


@breaks("events_of_a_command_keep_their_order")
class TurnsCommandsRound(MemoryEventStore):
    """The last event of a command is stored first."""

    def append(self, session_id, *, events, **asked):
        return super().append(session_id, events=events[::-1], **asked)


@breaks("late_writer_is_refused", "refusal_tells_expected_and_found")
class LastWriterWins(MemoryEventStore):
    """Whoever has not seen the last events appends behind them all the same."""

    def append(self, session_id, *, expected_version, **asked):
        found = max(expected_version, length(self, session_id))
        return super().append(session_id, expected_version=found, **asked)


@breaks("early_writer_is_refused")
class LooksForLaterEventsOnly(MemoryEventStore):
    """A version that is not there yet is no reason to refuse."""

    def append(self, session_id, *, expected_version, **asked):
        found = min(expected_version, length(self, session_id))
        return super().append(session_id, expected_version=found, **asked)


@breaks("early_writer_is_refused")
class NewSessionsBeginAnywhere(MemoryEventStore):
    """The version of a session without events is not compared."""

    def append(self, session_id, *, expected_version, **asked):
        found = expected_version if length(self, session_id) else 0
        return super().append(session_id, expected_version=found, **asked)


@breaks("refusal_tells_expected_and_found")
class SwapsExpectedAndFound(MemoryEventStore):
    """The version that is there is told as the one that was expected."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except WrongExpectedVersionError as error:
            raise WrongExpectedVersionError(error.found, error.expected) from error


@breaks("refused_append_writes_nothing")
class WritesBeforeItLooks(MemoryEventStore):
    """What is refused has been written already."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except WrongExpectedVersionError as error:
            super().append(session_id, **asked | {"expected_version": error.found})
            raise


@breaks("command_is_stored_whole_or_not_at_all", "empty_append_is_refused")
class CommitsEventByEvent(MemoryEventStore):
    """Each event of a command is a commit of its own."""

    def append(self, session_id, *, events, expected_version, metadata, request_hash):
        stored: list[EventEnvelope] = []
        for number, event in enumerate(events):
            stored += super().append(
                session_id,
                events=[event],
                expected_version=expected_version + number,
                metadata=replace(metadata, command_id=f"{metadata.command_id}-{number}"),
                request_hash=request_hash,
            )
        return tuple(stored)


@breaks("control_characters_in_columns_are_refused")
class ReplacesControlCharacters(MemoryEventStore):
    """A control character in a column is quietly made a space."""

    def append(self, session_id, **asked):
        actor = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", asked["metadata"].actor)
        return super().append(session_id, **with_column(asked, actor=actor))


@breaks("control_characters_in_columns_are_refused")
class LooksForC0Only(MemoryEventStore):
    """A control character of the upper half is let through."""

    def append(self, session_id, **asked):
        host = asked["metadata"].host.replace("\x9f", "")
        return super().append(session_id, **with_column(asked, host=host))


@breaks("control_characters_in_columns_are_refused")
class DoesNotTellTheColumn(MemoryEventStore):
    """The error about a control character does not say where it is."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except StoreError as error:
            raise StoreError("There is a control character.") from error


@breaks("text_that_is_not_unicode_is_refused")
class ReplacesHalfPairs(MemoryEventStore):
    """Text that has no bytes is stored as question marks."""

    def append(self, session_id, *, events, **asked):
        events = [
            event.model_copy(update={"message": event.message.encode(errors="replace").decode()})
            for event in events
        ]
        return super().append(session_id, events=events, **asked)


@breaks("text_that_is_not_unicode_is_refused")
class ReplacesHalfPairsInColumns(MemoryEventStore):
    """An actor that has no bytes is stored as question marks."""

    def append(self, session_id, **asked):
        actor = asked["metadata"].actor.encode(errors="replace").decode()
        return super().append(session_id, **with_column(asked, actor=actor))


@breaks("one_of_racing_writers_wins")
class LooksBeforeTheLock(MemoryEventStore):
    """The version is compared before the lock is taken."""

    def __init__(self, database):
        super().__init__(database)
        self._meeting = Meeting()

    def append(self, session_id, *, expected_version, **asked):
        found = length(self, session_id)
        if found != expected_version:
            raise WrongExpectedVersionError(expected_version, found)
        self._meeting.wait()
        with self._database.writing():
            found = length(self, session_id)
            return super().append(session_id, expected_version=found, **asked)


@breaks("threads_lose_nothing")
class LosesUpdates(MemoryDatabase):
    """Writers work on what was there before they took the lock."""

    def __init__(self):
        super().__init__()
        self._meeting = Meeting()

    def writing(self):
        seen = self._committed
        self._meeting.wait()
        return _Outdated(super().writing(), self, seen)


class _Outdated:
    def __init__(self, lock, database, seen):
        self._lock, self._database, self._seen = lock, database, seen

    def __enter__(self):
        self._lock.__enter__()
        self._database._working = self._seen.copy()
        return self._database._working

    def __exit__(self, *error):
        return self._lock.__exit__(*error)


# ---- reading


@breaks("unknown_session_is_empty")
class GivesAllOfAnUnknownSession(MemoryEventStore):
    """Where a session is not known the whole log is read."""

    def read(self, session_id, **bounds):
        known = length(self, session_id) > 0
        first = self._database.tables.log[0].session_id
        return super().read(session_id if known else first, **bounds)


@breaks("reading_gives_one_session_alone")
class ReadsTheWholeLog(MemoryEventStore):
    """A session is read with the events of all others."""

    def read(self, session_id, **bounds):
        sessions = dict.fromkeys(row.session_id for row in self._database.tables.log)
        for each in sessions:
            yield from super().read(each, **bounds)


@breaks("reading_gives_one_session_alone")
class NamesOneSession(Shows):
    """Every event is said to be of the session that was written first."""

    def shown(self, envelope):
        return replace(envelope, session_id=self._database.tables.log[0].session_id)


@breaks("reading_begins_behind_after", "reading_keeps_to_both_bounds")
class IncludesAfter(MemoryEventStore):
    """The event of version `after` is read again."""

    def read(self, session_id, *, after=0, upto=None):
        return super().read(session_id, after=max(after - 1, 0), upto=upto)


@breaks("reading_ends_with_upto", "reading_keeps_to_both_bounds")
class LeavesOutUpto(MemoryEventStore):
    """The event of version `upto` is not read."""

    def read(self, session_id, *, after=0, upto=None):
        return super().read(session_id, after=after, upto=upto and upto - 1)


@breaks("reading_keeps_to_both_bounds")
class TakesUptoForACount(MemoryEventStore):
    """With `after`, `upto` counts from there."""

    def read(self, session_id, *, after=0, upto=None):
        return super().read(session_id, after=after, upto=upto and after + upto)


@breaks("upto_zero_reads_nothing")
class TakesZeroForNoBound(MemoryEventStore):
    """Up to version 0 everything is read."""

    def read(self, session_id, *, after=0, upto=None):
        return super().read(session_id, after=after, upto=upto or None)


@breaks("bounds_behind_the_end_are_no_error")
class StaysAtTheEnd(MemoryEventStore):
    """Behind the end the last event is read again."""

    def read(self, session_id, *, after=0, upto=None):
        last = max(length(self, session_id) - 1, 0)
        return super().read(session_id, after=min(after, last), upto=upto)


@breaks("reading_again_gives_the_same")
class ReadsEachEventOnce(MemoryEventStore):
    """What was read is gone, as from a queue."""

    def __init__(self, database):
        super().__init__(database)
        self._told: set[int] = set()

    def read(self, session_id, **bounds) -> Iterator[EventEnvelope]:
        for envelope in super().read(session_id, **bounds):
            if envelope.position not in self._told:
                self._told.add(envelope.position)
                yield envelope


@breaks("long_session_is_read_whole")
class ReadsOnePage(MemoryEventStore):
    """After a thousand events reading ends."""

    def read(self, session_id, *, after=0, upto=None):
        end = after + 1000
        return super().read(session_id, after=after, upto=min(upto or end, end))


@breaks("long_session_is_read_whole")
class ReadsPageEndsTwice(MemoryEventStore):
    """The last event of a page is also the first one of the next."""

    def read(self, session_id, *, after=0, upto=None):
        for number, envelope in enumerate(super().read(session_id, after=after, upto=upto), 1):
            yield envelope
            if number % 1000 == 0:
                yield envelope


@breaks("times_come_back_in_utc")
class DropsTheZone(MemoryEventStore):
    """A time of another zone is stored as if it were UTC."""

    def append(self, session_id, **asked):
        at = asked["metadata"].recorded_at.replace(tzinfo=UTC)
        return super().append(session_id, **with_column(asked, recorded_at=at))
