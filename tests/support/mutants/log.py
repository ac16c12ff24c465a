"""Mutants that chain, verify, note or feed the log wrongly."""

import threading
from dataclasses import replace
from hashlib import sha256
from itertools import islice

from tests.support.mutants.frame import IN_VAIN_S, breaks
from tests.support.stored import AT, METADATA, said

from runthrough.adapters.store import codec
from runthrough.adapters.store.memory import (
    MemoryAuditLog,
    MemoryChangeFeed,
    MemoryEventStore,
)
from runthrough.core.events import EventEnvelope
from runthrough.core.values.store import ZERO_HASH, Checkpoint, LogHead
from runthrough.entrypoints.store_suite.threads import QUIET_S


@breaks("empty_log_has_a_head")
class EmptyLogHasNoHash(MemoryAuditLog):
    """The head of an empty log has an empty hash."""

    def head(self):
        head = super().head()
        return head if head.position else LogHead(0, "")


@breaks("empty_log_verifies")
class EmptyLogIsBad(MemoryAuditLog):
    """A log in which nothing happened is said to be damaged."""

    def verify(self, **asked):
        verdict = super().verify(**asked)
        return replace(verdict, ok=verdict.ok and verdict.head_position > 0)


@breaks("untouched_log_verifies", "hashes_are_those_of_the_page")
class HashesThePayloadAlone(MemoryEventStore):
    """The hash of an event does not hold who did it and when."""

    def append(self, session_id, **asked):
        stored = super().append(session_id, **asked)
        with self._database.writing() as tables:
            last = tables.log[-1]
            event_hash = sha256(last.payload.encode()).hexdigest()
            tables.log[-1] = last._replace(event_hash=event_hash)
        return stored


@breaks("untouched_log_verifies")
class CountsOneTooFew(MemoryAuditLog):
    """The last event is said not to have been checked."""

    def verify(self, **asked):
        verdict = super().verify(**asked)
        return replace(verdict, checked=max(verdict.checked - 1, 0))


@breaks("head_is_the_last_event")
class HeadLagsBehind(MemoryAuditLog):
    """The head is not moved by the last event."""

    def head(self):
        rows = self._database.tables.log[:-1]
        return LogHead(len(rows), rows[-1].log_hash if rows else ZERO_HASH)


@breaks("head_is_the_last_event")
class HeadHasTheEventHash(MemoryAuditLog):
    """The head has the hash of the last event instead of that of the log."""

    def head(self):
        head = super().head()
        return LogHead(head.position, self._database.tables.log[-1].event_hash)


@breaks("envelopes_carry_the_stored_hash")
class AnswersWithoutHashes(MemoryEventStore):
    """An append answers with envelopes that have no hash yet."""

    def append(self, session_id, **asked):
        stored = super().append(session_id, **asked)
        return tuple(replace(envelope, event_hash=ZERO_HASH) for envelope in stored)


@breaks("stored_rows_hold_what_was_appended")
class ForgetsTheRequest(MemoryAuditLog):
    """The request hash is not stored."""

    def stored(self, session_id=None):
        return (row._replace(request_hash="") for row in super().stored(session_id))


@breaks("stored_rows_hold_what_was_appended")
class StoresTheNodeTwice(MemoryAuditLog):
    """The node stands in the payload as well."""

    def stored(self, session_id=None):
        for row in super().stored(session_id):
            yield row._replace(payload=f'{{"node":"{row.subject}",{row.payload[1:]}')


@breaks("stored_rows_come_in_the_order_of_the_log")
class StoredBySession(MemoryAuditLog):
    """Rows are told session by session."""

    def stored(self, session_id=None):
        return iter(sorted(super().stored(session_id), key=lambda row: row.session_id))


@breaks("stored_rows_come_in_the_order_of_the_log")
class StoredIsOnePage(MemoryAuditLog):
    """After a thousand rows no more are told."""

    def stored(self, session_id=None):
        return islice(super().stored(session_id), 1000)


@breaks("stored_rows_of_one_session")
class StoredIsAlwaysAll(MemoryAuditLog):
    """Of one session all rows are told."""

    def stored(self, session_id=None):
        return super().stored()


# ---- checkpoints


@breaks(
    "verifying_since_a_checkpoint_checks_what_came_later",
    "verifying_since_the_head_checks_nothing",
)
class IgnoresSince(MemoryAuditLog):
    """All of the log is checked, whatever is trusted."""

    def verify(self, *, since=None, against=()):
        return super().verify(against=against)


@breaks("verifying_since_the_beginning_checks_all")
class TrustsAllSinceACheckpoint(MemoryAuditLog):
    """With a checkpoint nothing is checked."""

    def verify(self, *, since=None, against=()):
        verdict = super().verify(since=since, against=against)
        return replace(verdict, checked=0) if since else verdict


@breaks("false_checkpoint_is_not_trusted")
class TrustsAnyCheckpoint(MemoryAuditLog):
    """The hash of the trusted checkpoint is not compared."""

    def verify(self, *, since=None, against=()):
        log = self._database.tables.log
        if since and 0 < since.position <= len(log):
            since = replace(since, log_hash=log[since.position - 1].log_hash)
        return super().verify(since=since, against=against)


@breaks("log_agrees_with_true_notes")
class ComparesNotesOneTooLate(MemoryAuditLog):
    """A note is compared with the event behind it."""

    def verify(self, *, since=None, against=()):
        moved = [replace(note, position=note.position + 1) for note in against]
        return super().verify(since=since, against=moved)


@breaks(
    "log_disagrees_with_a_false_note",
    "trusted_part_is_compared_with_notes_too",
    "note_of_a_longer_log_tells_a_dropped_tail",
)
class IgnoresNotes(MemoryAuditLog):
    """The log is not compared with any note."""

    def verify(self, *, since=None, against=()):
        return super().verify(since=since)


@breaks("log_disagrees_with_a_false_note")
class ComparesTheFirstNoteOnly(MemoryAuditLog):
    """Of several notes one is compared."""

    def verify(self, *, since=None, against=()):
        return super().verify(since=since, against=against[:1])


@breaks("trusted_part_is_compared_with_notes_too")
class IgnoresNotesOfTheTrustedPart(MemoryAuditLog):
    """A note about what is trusted is not compared."""

    def verify(self, *, since=None, against=()):
        trusted = since.position if since else 0
        later = [note for note in against if note.position >= trusted]
        return super().verify(since=since, against=later)


@breaks("note_of_a_longer_log_tells_a_dropped_tail")
class IgnoresNotesBehindTheEnd(MemoryAuditLog):
    """A note of a position that the log does not reach is not compared."""

    def verify(self, *, since=None, against=()):
        end = len(self._database.tables.log)
        reached = [note for note in against if note.position <= end]
        return super().verify(since=since, against=reached)


@breaks("checkpoint_of_a_longer_log_is_not_trusted")
class SeesNothingToCheck(MemoryAuditLog):
    """Since a checkpoint behind the end there is nothing to check, so all is well."""

    def verify(self, *, since=None, against=()):
        end = len(self._database.tables.log)
        beyond = since is not None and since.position > end
        return super().verify(since=None if beyond else since, against=against)


@breaks("fresh_store_has_no_checkpoint")
class NotesByItself(MemoryAuditLog):
    """The present head is always among the checkpoints."""

    def checkpoints(self):
        head = self.head()
        self.keep(Checkpoint(head.position, head.log_hash, AT, "0.1.0"))
        return super().checkpoints()


@breaks("kept_checkpoint_comes_back")
class LosesSignatures(MemoryAuditLog):
    """A checkpoint is kept without its signature."""

    def keep(self, checkpoint):
        super().keep(replace(checkpoint, public_key=None, signature=None))


@breaks("checkpoints_are_listed_by_position")
class ListsCheckpointsAsKept(MemoryAuditLog):
    """Checkpoints are listed in the order in which they were kept."""

    def checkpoints(self):
        return tuple(self._database.tables.checkpoints.values())


@breaks("keeping_a_checkpoint_again_replaces_it")
class FirstCheckpointStays(MemoryAuditLog):
    """A checkpoint is not replaced by a later one of its position."""

    def keep(self, checkpoint):
        if checkpoint.position not in self._database.tables.checkpoints:
            super().keep(checkpoint)


@breaks("keeping_a_checkpoint_again_replaces_it")
class KeepsOneCheckpoint(MemoryAuditLog):
    """Only the checkpoint that was kept last is there."""

    def keep(self, checkpoint):
        with self._database.writing() as tables:
            tables.checkpoints.clear()
            tables.checkpoints[checkpoint.position] = checkpoint


@breaks("keeping_a_checkpoint_leaves_the_log_alone")
class CheckpointsMoveTheHead(MemoryAuditLog):
    """A checkpoint counts as an event."""

    def head(self):
        head = super().head()
        return replace(head, position=head.position + len(self.checkpoints()))


# ---- the feed


@breaks("feed_of_an_empty_log_is_empty")
class SendsSignsOfLife(MemoryChangeFeed):
    """Where there is nothing to tell an event is made up."""

    def read(self, *, after=0, limit=None):
        told = list(super().read(after=after, limit=limit))
        made_up = EventEnvelope(after, "none", 0, said("alive"), METADATA, ZERO_HASH)
        return iter(told or [made_up])


@breaks("feed_gives_all_sessions_in_the_order_of_the_log")
class FeedsSessionBySession(MemoryChangeFeed):
    """Events are told session by session."""

    def read(self, **asked):
        return iter(sorted(super().read(**asked), key=lambda envelope: envelope.session_id))


@breaks("feed_gives_what_sessions_give")
class FeedHidesActors(MemoryChangeFeed):
    """Who acted is not told in the feed."""

    def read(self, **asked):
        for envelope in super().read(**asked):
            yield replace(envelope, metadata=replace(envelope.metadata, actor="somebody"))


@breaks("feed_begins_behind_after", "feed_keeps_to_its_limit")
class FeedIncludesAfter(MemoryChangeFeed):
    """The event at the position `after` is told again."""

    def read(self, *, after=0, limit=None):
        return super().read(after=max(after - 1, 0), limit=limit)


@breaks("feed_keeps_to_its_limit")
class TakesALimitOfZeroForNone(MemoryChangeFeed):
    """With a limit of 0 everything is told."""

    def read(self, *, after=0, limit=None):
        return super().read(after=after, limit=limit or None)


@breaks("feed_keeps_to_its_limit")
class TellsOneTooMany(MemoryChangeFeed):
    """One event more is told than was asked for."""

    def read(self, *, after=0, limit=None):
        return super().read(after=after, limit=None if limit is None else limit + 1)


@breaks("long_feed_is_read_whole")
class FeedIsOnePage(MemoryChangeFeed):
    """After a thousand events no more are told."""

    def read(self, **asked):
        return islice(super().read(**asked), 1000)


@breaks("tailing_reader_misses_nothing")
class OneCommitIsSlow(MemoryChangeFeed):
    """Position 2 becomes visible when later ones have been for a while."""

    def read(self, *, after=0, limit=None):
        log = self._database.tables.log
        for row in log[after:]:
            if row.position != 2 or len(log) > 5:
                yield codec.decode(row)


@breaks("waiting_ends_at_once_when_there_is_something")
class MissesWhatIsThere(MemoryChangeFeed):
    """Only what comes during the wait ends it."""

    def wait(self, *, after, timeout_s):
        end = len(self._database.tables.log)
        return super().wait(after=max(after, end), timeout_s=min(timeout_s, IN_VAIN_S))


@breaks("waiting_ends_at_the_time_out")
class AlwaysSaysYes(MemoryChangeFeed):
    """A wait that ended at its time-out tells of an event."""

    def wait(self, *, after, timeout_s):
        super().wait(after=after, timeout_s=timeout_s)
        return True


@breaks("waiting_ends_at_the_time_out", "waiting_is_ended_by_an_append")
class DoesNotWait(MemoryChangeFeed):
    """A wait is over at once, whatever is there."""

    def wait(self, *, after, timeout_s):
        return super().wait(after=after, timeout_s=0)


@breaks("waiting_without_time_tells_what_is_there")
class WakesForWhatIsKnown(MemoryChangeFeed):
    """The event at the position `after` itself ends the wait."""

    def wait(self, *, after, timeout_s):
        return super().wait(after=max(after - 1, 0), timeout_s=timeout_s)


@breaks("waiting_is_ended_by_an_append")
class NeverWakes(MemoryChangeFeed):
    """A wait looks at its beginning only, and gives up when it was quiet for long enough."""

    def wait(self, *, after, timeout_s):
        found = super().wait(after=after, timeout_s=0)
        return found or threading.Event().wait(min(timeout_s, 2 * QUIET_S))
