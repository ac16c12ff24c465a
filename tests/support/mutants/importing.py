"""Stores that take over events of another log wrongly."""

from contextlib import contextmanager
from dataclasses import replace

from tests.support.mutants.frame import breaks

from runthrough.adapters.store.memory_import import MemoryLogImport
from runthrough.adapters.store.memory_tables import MemoryDatabase


@breaks("imported_events_keep_their_hashes", "log_verifies_with_imported_events")
class KeepsForeignPositions(MemoryLogImport):
    """Imported events keep the positions and the log hashes that they had elsewhere."""

    def take(self, rows):
        with self._database.writing() as tables:
            tables.log.extend(rows)


@breaks("imported_events_keep_their_hashes", "empty_log_takes_events", "imported_session_goes_on")
class RewritesPayloads(MemoryLogImport):
    """Imported events are spelled anew."""

    def take(self, rows):
        super().take([row._replace(payload=row.payload.replace(":", ": ")) for row in rows])


@breaks("many_imported_events_arrive")
class TakesOnePortion(MemoryLogImport):
    """Only the first rows of an import arrive."""

    def take(self, rows):
        with self._database.writing() as tables:
            if not tables.log:
                super().take(rows)


@breaks(
    "imported_events_keep_their_hashes",
    "imported_session_goes_on",
    "import_sees_what_it_wrote",
    "hash_of_an_event_is_told",
    "imported_commands_answer_nobody",
)
class TakesNothing(MemoryLogImport):
    """Imported events are dropped."""

    def take(self, rows):
        pass


@breaks("imported_session_goes_on", "imported_events_keep_their_hashes")
class TakesBackwards(MemoryLogImport):
    """Imported events arrive with the last one first."""

    def take(self, rows):
        super().take(rows[::-1])


@breaks("interrupted_import_leaves_nothing")
class CommitsAtOnce(MemoryDatabase):
    """Every write is committed by itself, whatever becomes of the rest."""

    @contextmanager
    def writing(self):
        with self._lock:
            yield self._committed


@breaks("hash_of_an_event_is_told")
class TellsTheFirstHash(MemoryLogImport):
    """Without a version the hash of a session's first event is told."""

    def event_hash(self, session_id, *, version=None):
        return super().event_hash(session_id, version=version or 1)


@breaks("imported_commands_answer_nobody")
class KeepsRequests(MemoryLogImport):
    """An imported command is answered to whoever asks here what was asked there."""

    def take(self, rows):
        super().take(rows)
        with self._database.writing() as tables:
            tables.log[-len(rows) :] = [
                new._replace(request_hash=old.request_hash)
                for new, old in zip(tables.log[-len(rows) :], rows, strict=True)
            ]


@breaks("entered_session_is_listed", "entered_name_is_taken")
class EntersClosed(MemoryLogImport):
    """An entered session is listed without its pipeline, and as closed."""

    def enter(self, entry):
        super().enter(replace(entry, phase="closed", dag_name=""))


@breaks("entering_again_replaces")
class EntersOnce(MemoryLogImport):
    """A session that is listed already stays as it is listed."""

    def enter(self, entry):
        if entry.session_id not in self._database.tables.sessions:
            super().enter(entry)
