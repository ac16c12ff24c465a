"""The database of one person: a SQLite file."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event

from runthrough.adapters.store import schema
from runthrough.adapters.store.database import Place, SqlDatabase, SqlValue, Turn, polled
from runthrough.adapters.store.faults import sqlite_fault, sqlite_faults
from runthrough.adapters.store.filesystems import refuse_network
from runthrough.adapters.store.mutex import FileMutex
from runthrough.core.values.store import StoredEvent
from runthrough.errors import StoreUnavailableError

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for other processes: many commits of a slow disk, and yet an answer
before its person thinks that it hangs."""
_HEAD = "SELECT position FROM log_head"


class SqliteDatabase(SqlDatabase):
    """A database file, written by any number of processes of one machine.

    Writers of all processes take turns (`FileMutex`): SQLite's own waiting is a lottery, in which
    some wait for very long. What gets past the turns, such as another program, still meets
    `BEGIN IMMEDIATE` and its time limit.
    """

    begin_snapshot = "BEGIN"

    def __init__(self, engine: Engine, path: Path, *, timeout_s: float) -> None:
        super().__init__(engine, place=str(path), mutex=FileMutex(path, timeout_s=timeout_s))
        self._writer = engine.connect()
        self.driver = self.driver_of(self._writer)
        """The writer's bare connection, to be used inside `writing()` only."""

    @classmethod
    def open(cls, path: Path, *, migrate: bool = True, timeout_s: float = BUSY_TIMEOUT_S) -> Self:
        """Open the database at an absolute path; its folder is made when missing.

        An empty or older database is migrated first, unless `migrate` is false.

        Raises:
            StoreUnavailableError: The database cannot be reached, or is none.
            SchemaOutdatedError: The schema is older, and was not to be migrated.
            SchemaNewerError: A newer runthrough wrote the database.
        """
        if migrate:
            _make_folder(path.parent)
        engine = _engine(path, timeout_s)
        try:
            with sqlite_faults(str(path)):
                if migrate:
                    _bring_up(engine, path, timeout_s)
                else:
                    schema.check(schema.current(engine) if _is_there(path) else None)
                return cls(engine, path, timeout_s=timeout_s)
        except BaseException:
            engine.dispose()
            raise

    def close(self) -> None:
        """Give all connections back."""
        self._writer.close()
        super().close()

    @staticmethod
    def statement(sql: str) -> str:
        """Plain SQL as it is."""
        return sql

    @staticmethod
    def driver_of(connection: Connection) -> sqlite3.Connection:
        """The bare connection below SQLAlchemy's."""
        return cast("sqlite3.Connection", connection.connection.dbapi_connection)

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Look at the head of the log now and then until it is behind `after`.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        with self.reading() as connection:
            driver = self.driver_of(connection)
            until = time.monotonic() + timeout_s
            return polled(lambda: _head(driver), after=after, until=until)

    def _writing_connection(self) -> Connection:
        return self._writer

    def _fault(self, exc: BaseException) -> StoreUnavailableError | None:
        return sqlite_fault(self.place, exc)

    def _begin(self, asked: Sequence[SqlValue] | None) -> Turn:
        self.driver.execute("BEGIN IMMEDIATE")
        try:
            return self._turn_at(asked)
        except BaseException:
            self._undo(inner=False)
            raise

    def _begin_inner(self, asked: Sequence[SqlValue] | None) -> Turn:
        self._refuse_given_up(not self.driver.in_transaction)
        self.driver.execute("SAVEPOINT inner_part")
        return self._turn_at(asked)

    def _turn_at(self, asked: Sequence[SqlValue] | None) -> Turn:
        if asked is None:
            return Turn(self._writer)
        found = self.driver.execute(self.place_of, asked).fetchone()
        return Turn(self._writer, None if found is None else Place._make(found))

    def _end(self, rows: Sequence[StoredEvent]) -> None:
        self._insert(rows)
        self.driver.execute("COMMIT")

    def _end_inner(self, rows: Sequence[StoredEvent]) -> None:
        self._insert(rows)
        self.driver.execute("RELEASE inner_part")

    def _insert(self, rows: Sequence[StoredEvent]) -> None:
        if rows:
            self.driver.executemany(self.insert_event, rows)
            self.driver.execute(self.move_head, (rows[-1].position, rows[-1].log_hash))

    def _undo(self, *, inner: bool) -> None:
        if not self.driver.in_transaction:
            return
        if inner:
            self.driver.execute("ROLLBACK TO inner_part")
            self.driver.execute("RELEASE inner_part")
        else:
            self.driver.execute("ROLLBACK")


def _head(driver: sqlite3.Connection) -> int:
    """The position that the log has reached."""
    found = driver.execute(_HEAD).fetchone()
    return int(found[0]) if found else 0


def _engine(path: Path, timeout_s: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",  # BEGIN IMMEDIATE and COMMIT are ours to say
        max_overflow=-1,  # as many readers as there are threads
        pool_reset_on_return=None,  # readers leave no transaction behind
    )

    @event.listens_for(engine, "connect")
    def _prepare(driver: sqlite3.Connection, _record: object) -> None:
        driver.execute(f"PRAGMA busy_timeout = {int(timeout_s * 1000)}")
        driver.execute("PRAGMA synchronous = FULL")  # NORMAL loses commits when power fails
        driver.execute("PRAGMA foreign_keys = ON")

    return engine


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as exc:  # in a folder that may not be entered
        raise StoreUnavailableError(
            f"The database {path} cannot be opened ({exc.strerror}).",
            fix="check the permissions of the file and its folder, or name another database "
            "with RUNTHROUGH_DATABASE_URL",
        ) from exc


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreUnavailableError(
            f"The folder {folder} of the database cannot be made: {exc.strerror}.",
            fix="make it, or name another database with RUNTHROUGH_DATABASE_URL",
        ) from exc


def _bring_up(engine: Engine, path: Path, timeout_s: float) -> None:
    """Migrate unless the schema is today's; of several processes one does it, the rest wait."""
    if _is_there(path) and _ready(engine):
        return
    refuse_network(path)
    mutex = FileMutex(path, timeout_s=timeout_s)
    try:
        mutex.acquire()
        if not _ready(engine):
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            schema.upgrade(engine)
    finally:
        mutex.close()


def _ready(engine: Engine) -> bool:
    found = schema.current(engine)
    schema.refuse_newer(found)
    return found == schema.HEAD
