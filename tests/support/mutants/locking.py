"""Mutants that lock too little, too much, or not for long enough."""

import threading
from contextlib import contextmanager, suppress
from dataclasses import replace

from tests.support.mutants.frame import IN_VAIN_S, Meeting, breaks
from tests.support.stored import DEADLINE_S

from runthrough.adapters.store.memory import (
    MemoryEventStore,
    MemorySessionDirectory,
)
from runthrough.adapters.store.memory_tables import MemoryDatabase
from runthrough.errors import StoreError, StoreUnavailableError


class _UndoneOnPurposeError(Exception):
    """Ends a transaction that should have been committed."""


@breaks("what_is_done_under_the_lock_is_committed")
class NeverCommitsTheLock(MemoryEventStore):
    """What was done under the lock is undone at its end."""

    @contextmanager
    def exclusive(self):
        with suppress(_UndoneOnPurposeError), super().exclusive():
            yield
            raise _UndoneOnPurposeError


@breaks("holder_reads_what_it_appended")
class HolderReadsTheCommitted(MemoryDatabase):
    """Under the lock its holder reads what was there before."""

    @property
    def tables(self):
        return self._committed


@breaks("others_read_nothing_before_the_commit", "uncommitted_events_wake_nobody")
class EverybodyReadsTheUncommitted(MemoryDatabase):
    """Others read what may still be undone."""

    @property
    def tables(self):
        return self._working or self._committed


@breaks("readers_do_not_wait_for_the_lock")
class ReadersNeedTheLock(MemoryEventStore):
    """Nobody reads while somebody writes."""

    def read(self, session_id, **bounds):
        if not self._database._lock.acquire(timeout=IN_VAIN_S):
            raise StoreUnavailableError("The database is locked.")
        try:
            yield from list(super().read(session_id, **bounds))
        finally:
            self._database._lock.release()


@breaks("failure_under_the_lock_undoes_the_log", "undone_events_are_never_told")
class CommitsInSpiteOfErrors(MemoryEventStore):
    """An error under the lock undoes nothing."""

    @contextmanager
    def exclusive(self):
        failed = None
        with super().exclusive():
            try:
                yield
            except InterruptedError as error:
                failed = error
        if failed is not None:
            raise failed


@breaks("failure_under_the_lock_undoes_the_directory")
class DirectoryIsNotUndone(MemoryEventStore):
    """The directory is written beside the transaction."""

    def append(self, session_id, **asked):
        stored = super().append(session_id, **asked)
        database = self._database
        database._committed = replace(database._committed, sessions=database.tables.sessions)
        return stored


@breaks("failure_under_the_lock_undoes_roots", "others_read_nothing_before_the_commit")
class RootsAreNotUndone(MemorySessionDirectory):
    """Roots are written beside the transaction."""

    def set_roots(self, session_id, *, host, roots):
        super().set_roots(session_id, host=host, roots=roots)
        self._database._committed.roots[session_id, host] = dict(roots)


@breaks("error_under_the_lock_comes_through")
class SwallowsErrors(MemoryEventStore):
    """An error under the lock undoes the work and is not told."""

    @contextmanager
    def exclusive(self):
        with suppress(Exception), super().exclusive():
            yield


@breaks("error_under_the_lock_comes_through")
class MakesErrorsItsOwn(MemoryEventStore):
    """An error under the lock comes out as a new one that only looks like it."""

    @contextmanager
    def exclusive(self):
        try:
            with super().exclusive():
                yield
        except InterruptedError as error:
            raise type(error)(*error.args) from None


@breaks("lock_is_given_back_after_a_failure")
class KeepsTheLockAfterAFailure(MemoryEventStore):
    """Whoever failed under the lock holds it for ever."""

    kept_by: int | None = None

    @contextmanager
    def exclusive(self):
        try:
            with super().exclusive():
                yield
        except Exception:
            self.kept_by = threading.get_ident()
            raise

    def append(self, session_id, **asked):
        if self.kept_by not in {None, threading.get_ident()}:
            raise StoreUnavailableError("The database is locked.")
        return super().append(session_id, **asked)


@breaks("refusal_under_the_lock_takes_back_itself_alone")
class OneRefusalUndoesAll(MemoryEventStore):
    """A refused append takes back all that was done under the lock so far."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except StoreError:
            database = self._database
            database.tables.log[:] = database._committed.log[:]
            raise


@breaks(
    "inner_lock_commits_with_the_outer_one",
    "failing_outer_lock_undoes_the_inner_part",
)
class InnerLockCommits(MemoryDatabase):
    """The end of an inner lock commits all that was done so far."""

    @contextmanager
    def writing(self):
        with super().writing():
            yield self._working
            self._committed = self._working


@breaks("failing_inner_lock_undoes_its_own_part")
class KnowsNoInnerLock(MemoryDatabase):
    """What was done in an inner lock that failed stays."""

    @contextmanager
    def writing(self):
        if self._holder == threading.get_ident():
            yield self._working
        else:
            with super().writing() as tables:
                yield tables


@breaks("others_wait_to_append", "others_wait_to_hold_the_lock")
class LocksNothing(MemoryEventStore):
    """The lock is none: each append is by itself."""

    @contextmanager
    def exclusive(self):
        yield


@breaks("decisions_under_the_lock_never_collide")
class LocksTooLate(LocksNothing):
    """The lock is taken by the first append under it."""

    def __init__(self, database):
        super().__init__(database)
        self._meeting = Meeting()

    def append(self, session_id, **asked):
        self._meeting.wait()
        return super().append(session_id, **asked)


@breaks("readers_see_whole_commands")
class TearsACommand(MemoryEventStore):
    """The first event of a command can be read for a moment before the second one."""

    def __init__(self, database):
        super().__init__(database)
        self._torn: str | None = None
        self._read = threading.Event()

    def append(self, session_id, **asked):
        with self._database.writing():
            stored = super().append(session_id, **asked)
            if not self._read.is_set():
                half = replace(self._database.tables, log=self._database.tables.log[:-1])
                self._database._committed, self._torn = half, session_id
                self._read.wait(DEADLINE_S)
        return stored

    def read(self, session_id, **bounds):
        torn = self._torn == session_id
        found = list(super().read(session_id, **bounds))
        if torn:
            self._read.set()
        return iter(found)
