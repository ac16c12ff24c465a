"""Taking over events of another log in an SQL database."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from runthrough.adapters.store.codec import time_text
from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.moving import moved
from runthrough.adapters.store.tables import EVENTS, SESSIONS
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import SessionEntry, StoredEvent
from runthrough.errors import LogCorruptError


class SqlLogImport:
    """Writes what came from elsewhere, under the database's writer lock."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def event_hash(self, session_id: SessionId, *, version: int | None = None) -> str | None:
        """The hash of the session's own event of that version, or of its last.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        asked = select(EVENTS.c.event_hash).where(EVENTS.c.session_id == session_id)
        if version is None:
            asked = asked.order_by(EVENTS.c.version.desc()).limit(1)
        else:
            asked = asked.where(EVENTS.c.version == version)
        with self._database.reading() as connection:
            found: str | None = connection.scalar(asked)
        return found

    def take(self, rows: Sequence[StoredEvent]) -> None:
        """Append the rows with their event hashes; positions and log hashes are made anew.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        if not rows:
            return
        with self._database.appending(rows[0].session_id, rows[0].command_id) as turn:
            if turn.place is None:
                raise LogCorruptError(0, "the head of the log is missing")
            turn.rows = moved(rows, position=turn.place.position, log=turn.place.log_hash)

    def enter(self, entry: SessionEntry) -> None:
        """Write the session's row of the directory, in place of one that is there.

        Raises:
            StoreUnavailableError: The database cannot be written, or another open session has
                the name.
        """
        row = {
            "session_id": entry.session_id,
            "name": entry.name,
            "dag_name": entry.dag_name,
            "phase": entry.phase,
            "created_at": time_text(entry.created_at),
            "parent": entry.parent,
            "forked_at": entry.forked_at,
            "archived": int(entry.archived),
        }
        here = SESSIONS.c.session_id == entry.session_id
        with self._database.writing() as connection:
            # No row is deleted: those who share a database have no right to.
            if connection.execute(update(SESSIONS).where(here).values(row)).rowcount == 0:
                connection.execute(insert(SESSIONS), row)
