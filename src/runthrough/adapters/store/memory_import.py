"""Taking over events of another log in memory."""

from collections.abc import Sequence

from runthrough.adapters.store.memory_tables import MemoryDatabase
from runthrough.adapters.store.moving import moved
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import ZERO_HASH, SessionEntry, StoredEvent


class MemoryLogImport:
    """Writes what came from elsewhere, as in a database."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def event_hash(self, session_id: SessionId, *, version: int | None = None) -> str | None:
        """The hash of the session's own event of that version, or of its last."""
        own = [row for row in self._database.tables.log if row.session_id == session_id]
        asked = own[-1:] if version is None else [row for row in own if row.version == version]
        return asked[0].event_hash if asked else None

    def take(self, rows: Sequence[StoredEvent]) -> None:
        """Append the rows with their event hashes; positions and log hashes are made anew."""
        with self._database.writing() as tables:
            last = tables.log[-1].log_hash if tables.log else ZERO_HASH
            tables.log.extend(moved(rows, position=len(tables.log), log=last))

    def enter(self, entry: SessionEntry) -> None:
        """Write the session's row of the directory, in place of one that is there."""
        with self._database.writing() as tables:
            tables.sessions[entry.session_id] = entry
