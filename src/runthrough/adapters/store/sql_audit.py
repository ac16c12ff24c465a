"""The chain of hashes in an SQL database, and the checkpoints that were taken of it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from runthrough.adapters.store.chain import ChainCheck
from runthrough.adapters.store.codec import read_time, time_text
from runthrough.adapters.store.database import EVENT_ROWS, SqlDatabase
from runthrough.adapters.store.sql import PAGE_ROWS
from runthrough.adapters.store.sql_lineage import SqlLineages
from runthrough.adapters.store.tables import CHECKPOINTS, EVENTS, LOG_HEAD
from runthrough.adapters.store.turns import SqlValue
from runthrough.core.values.ids import SessionId
from runthrough.core.values.store import (
    ZERO_HASH,
    AuditVerdict,
    Checkpoint,
    LogHead,
    StoredEvent,
)
from runthrough.errors import LogCorruptError, StoreError

_PAGE = f"{EVENT_ROWS} WHERE position > ? ORDER BY position LIMIT {PAGE_ROWS}"
_PAGE_OF_SESSION = (
    f"{EVENT_ROWS} WHERE session_id = ? AND version > ? AND version <= ? "
    f"ORDER BY version LIMIT {PAGE_ROWS}"
)
_NO_BOUND = 2**63 - 1


class SqlAuditLog:
    """Verifies the log while others go on writing to it."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._page = database.statement(_PAGE)
        self._page_of_session = database.statement(_PAGE_OF_SESSION)
        self._lineages = SqlLineages(database)

    def verify(
        self,
        *,
        since: Checkpoint | None = None,
        against: Sequence[Checkpoint] = (),
        between: Callable[[], object] | None = None,
    ) -> AuditVerdict:
        """Recompute hashes from the stored bytes and compare, the head included.

        With `since`, what lies up to that checkpoint is trusted, and what came later is checked.
        At each position of `against` the log must have the hash that was noted then. `between` is
        called between two pieces of a long log, so that it can be gone through at leisure; what
        it raises ends the verification.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        trusted = since.position if since else 0

        def before(session_id: str, version: int) -> str | None:
            # What stands up to here is trusted, or was found whole: rows never change.
            with self._database.reading() as connection:
                return connection.scalar(
                    select(EVENTS.c.event_hash).where(
                        EVENTS.c.session_id == session_id,
                        EVENTS.c.version == version,
                        EVENTS.c.position <= check.position,
                    )
                )

        check = ChainCheck(since=since, against=against, before=before)
        for note in (*([since] if since else ()), *against):
            self._compare_trusted(check, note, upto=trusted)
        while True:
            begun = check.position
            with self._database.snapshot() as connection:
                whole = self._check_page(connection, check)
                head = _head(connection)
            if not whole or check.position - begun < PAGE_ROWS:
                return check.verdict(head)
            if between is not None:
                between()

    def head(self) -> LogHead:
        """The end of the log.

        Raises:
            LogCorruptError: The log has no end.
            StoreUnavailableError: The database cannot be read.
        """
        with self._database.reading() as connection:
            head = _head(connection)
        if head is None:
            raise LogCorruptError(0, "the head of the log is missing")
        return head

    def stored(self, session_id: SessionId | None = None) -> Iterator[StoredEvent]:
        """The events as they are stored, of one session or of all, in the order of the log.

        Before those of a fork come those of its ancestors that it goes on from.

        Raises:
            LogCorruptError: A fork does not go on from where it says.
            StoreUnavailableError: The database cannot be read.
        """
        if session_id is None:
            yield from self._whole()
            return
        for recorder, upto in (*self._lineages.of(session_id), (session_id, _NO_BOUND)):
            yield from self._of_recorder(recorder, upto)

    def _whole(self) -> Iterator[StoredEvent]:
        after = 0
        while page := self._rows(self._page, after):
            yield from page
            after = page[-1].position

    def _of_recorder(self, session_id: str, upto: int) -> Iterator[StoredEvent]:
        """What one session recorded itself, up to a version."""
        after = 0
        while page := self._rows(self._page_of_session, session_id, after, upto):
            yield from page
            after = page[-1].version

    def _rows(self, page: str, *asked: SqlValue) -> list[StoredEvent]:
        with self._database.reading() as connection:
            return list(self._database.rows(connection, page, asked))

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint beside the log; the last one kept for a position counts.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        row = {
            "position": checkpoint.position,
            "log_hash": checkpoint.log_hash,
            "taken_at": time_text(checkpoint.taken_at),
            "app_version": checkpoint.app_version,
            "public_key": checkpoint.public_key,
            "signature": checkpoint.signature,
        }
        with self._database.writing() as connection:
            connection.execute(
                delete(CHECKPOINTS).where(CHECKPOINTS.c.position == checkpoint.position)
            )
            connection.execute(insert(CHECKPOINTS), row)

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The checkpoints that were kept, by position.

        Raises:
            StoreError: One of them is not as it was kept.
            StoreUnavailableError: The database cannot be read.
        """
        asked = select(CHECKPOINTS).order_by(CHECKPOINTS.c.position)
        with self._database.reading() as connection:
            return tuple(_checkpoint(row) for row in connection.execute(asked))

    def _compare_trusted(self, check: ChainCheck, note: Checkpoint, *, upto: int) -> None:
        """What is trusted is not computed anew, but it must still have the hash that was noted."""
        if note.position > upto:
            return
        asked = select(EVENTS.c.log_hash).where(EVENTS.c.position == note.position)
        with self._database.reading() as connection:
            found = connection.scalar(asked) if note.position else ZERO_HASH
        if found != note.log_hash:
            check.rewritten(note.position)

    def _check_page(self, connection: Connection, check: ChainCheck) -> bool:
        """Check the next rows; `False` when one is bad."""
        if check.first_bad is not None:
            return False
        try:
            rows = self._database.rows(connection, self._page, (check.position,))
            return all(check.add(row) for row in rows)
        except sqlite3.OperationalError as exc:
            if "UTF-8" not in str(exc):  # the driver's only mark of bytes that are no text
                raise
            check.unreadable()
            return False


def _head(connection: Connection) -> LogHead | None:
    head = connection.execute(select(LOG_HEAD.c.position, LOG_HEAD.c.log_hash)).first()
    if head is None or not isinstance(head.position, int):  # SQLite keeps text there as well
        return None
    return LogHead(head.position, head.log_hash)


def _checkpoint(row: Row[Any]) -> Checkpoint:
    try:
        taken_at = read_time(row.taken_at)
    except (TypeError, ValueError) as exc:
        raise StoreError(
            f"The checkpoint that the database keeps of position {row.position} was changed: "
            f"{row.taken_at!r} is no time.",
            fix="verify against a note that is kept elsewhere: "
            "runthrough audit verify --against NOTE",
        ) from exc
    return Checkpoint(
        row.position,
        row.log_hash,
        taken_at,
        row.app_version,
        row.public_key,
        row.signature,
    )
