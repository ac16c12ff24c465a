"""The log in an SQL database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from runthrough.adapters.store import codec
from runthrough.adapters.store.batch import Batch
from runthrough.adapters.store.database import EVENT_ROWS, INSERT_EVENT, SqlDatabase, event_rows
from runthrough.adapters.store.rows import ZERO_HASH
from runthrough.adapters.store.sql_directory import follow
from runthrough.core.events import Event, EventEnvelope
from runthrough.core.values.ids import CommandId, SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.errors import (
    CommandIdReusedError,
    LogCorruptError,
    WrongExpectedVersionError,
)

PAGE_ROWS = 1000
"""Rows read at a time: a page costs little more than its rows, and memory stays flat."""
_NO_BOUND = 2**63 - 1
_PLACE = """
    SELECT log_head.position, log_head.log_hash, latest.version, latest.event_hash,
           known.request_hash
    FROM log_head
    LEFT JOIN (SELECT version, event_hash FROM events WHERE session_id = ?
               ORDER BY version DESC LIMIT 1) AS latest ON true
    LEFT JOIN (SELECT request_hash FROM events WHERE command_id = ? LIMIT 1) AS known ON true
"""
_MOVE_HEAD = "UPDATE log_head SET position = ?, log_hash = ?"
_PAGE = (
    f"{EVENT_ROWS} WHERE session_id = ? AND version > ? AND version <= ? "
    f"ORDER BY version LIMIT {PAGE_ROWS}"
)
_OF_COMMAND = f"{EVENT_ROWS} WHERE command_id = ? ORDER BY position"


class SqlEventStore:
    """Sessions' events, appended under the database's writer lock."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def append(
        self,
        session_id: SessionId,
        *,
        events: Sequence[Event],
        expected_version: int,
        metadata: Metadata,
        request_hash: str,
    ) -> tuple[EventEnvelope, ...]:
        """Append in one transaction and answer with what is stored.

        Raises:
            WrongExpectedVersionError: The session is not at `expected_version`.
            CommandIdReusedError: The command id is known with another request hash.
            SessionNameTakenError: Another open session has the name.
            StoreUnavailableError: The database cannot be written.
            StoreError: An event or its metadata cannot be kept as text.
        """
        batch = Batch(
            session_id,
            events=events,
            expected_version=expected_version,
            metadata=metadata,
            request_hash=request_hash,
        )
        driver = self._database.driver
        with self._database.writing() as connection:
            place = driver.execute(_PLACE, (session_id, metadata.command_id)).fetchone()
            if place is None:
                raise LogCorruptError(0, "the head of the log is missing")
            position, log_hash, version, event_hash, known = place
            if known is not None:
                return self._answered(metadata.command_id, request_hash)
            if (version or 0) != expected_version:
                raise WrongExpectedVersionError(expected_version, version or 0)
            follow(connection, batch)
            rows = batch.seal(
                position=position, log_hash=log_hash, event_hash=event_hash or ZERO_HASH
            )
            driver.executemany(INSERT_EVENT, rows)
            driver.execute(_MOVE_HEAD, (rows[-1].position, rows[-1].log_hash))
        return batch.envelopes(rows)

    def read(
        self, session_id: SessionId, *, after: int = 0, upto: int | None = None
    ) -> Iterator[EventEnvelope]:
        """The session's events with `after < version <= upto`, in order.

        Raises:
            LogCorruptError: A stored event is not one that was written.
            StoreUnavailableError: The database cannot be read.
        """
        last = _NO_BOUND if upto is None else upto
        while True:
            with self._database.reading() as connection:
                page = list(event_rows(connection, _PAGE, (session_id, after, last)))
            yield from map(codec.decode, page)
            if len(page) < PAGE_ROWS:
                return
            after = page[-1].version

    def answer(
        self, command_id: CommandId, *, request_hash: str
    ) -> tuple[EventEnvelope, ...] | None:
        """The events that the command left when it was handled before, else `None`.

        Raises:
            CommandIdReusedError: The command id is known with another request hash.
        """
        return self._answered(command_id, request_hash) or None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the writer lock; what this thread appends meanwhile is committed together.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        with self._database.writing():
            yield

    def _answered(self, command_id: CommandId, request_hash: str) -> tuple[EventEnvelope, ...]:
        with self._database.reading() as connection:
            rows = list(event_rows(connection, _OF_COMMAND, (command_id,)))
        if any(row.request_hash != request_hash for row in rows):
            raise CommandIdReusedError(command_id)
        return tuple(map(codec.decode, rows))
