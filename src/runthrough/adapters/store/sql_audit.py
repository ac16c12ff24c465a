"""The chain of hashes in an SQL database."""

import sqlite3

from sqlalchemy import Connection, select

from runthrough.adapters.store.chain import ChainCheck
from runthrough.adapters.store.database import EVENT_ROWS, SqlDatabase, event_rows
from runthrough.adapters.store.sql import PAGE_ROWS
from runthrough.adapters.store.tables import LOG_HEAD
from runthrough.core.values.store import AuditVerdict

_PAGE = f"{EVENT_ROWS} WHERE position > ? ORDER BY position LIMIT {PAGE_ROWS}"


class SqlAuditLog:
    """Verifies the log while others go on writing to it."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def verify(self) -> AuditVerdict:
        """Recompute every hash from the stored bytes and compare, the head included.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        check = ChainCheck()
        while True:
            before = check.checked
            with self._database.snapshot() as connection:
                whole = _check_page(connection, check)
                head = connection.execute(select(LOG_HEAD.c.position, LOG_HEAD.c.log_hash)).first()
            if not whole or check.checked - before < PAGE_ROWS:
                return check.verdict(None if head is None else (head.position, head.log_hash))


def _check_page(connection: Connection, check: ChainCheck) -> bool:
    """Check the next rows; `False` when one is bad."""
    try:
        return all(check.add(row) for row in event_rows(connection, _PAGE, (check.checked,)))
    except sqlite3.OperationalError as exc:
        if "UTF-8" not in str(exc):  # the driver's only mark of bytes that are no text
            raise
        check.unreadable()
        return False
