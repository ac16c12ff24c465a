"""The database of one person: a SQLite file."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event

from runthrough.adapters.store import schema
from runthrough.adapters.store.database import SqlDatabase, polled
from runthrough.adapters.store.faults import sqlite_fault, sqlite_faults
from runthrough.adapters.store.filesystems import refuse_network
from runthrough.adapters.store.mutex import FileMutex
from runthrough.adapters.store.turns import Asked, Place, Turn
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
    fails_all = sqlite3.OperationalError

    def __init__(self, engine: Engine, path: Path, *, timeout_s: float) -> None:
        super().__init__(engine, place=str(path), mutex=FileMutex(path, timeout_s=timeout_s))
        self._writer = engine.connect()
        self.driver = self.driver_of(self._writer)
        """The writer's bare connection, to be used inside `writing()` only."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        migrate: bool = True,
        make: bool = True,
        timeout_s: float = BUSY_TIMEOUT_S,
    ) -> Self:
        """Open the database at an absolute path; with `make`, one that is not there is made.

        An older database is migrated first, unless `migrate` is false.

        Raises:
            StoreUnavailableError: The database cannot be reached, is none, or is another
                program's; without `make` also: it is not there, or is empty.
            SchemaOutdatedError: The schema is older, and was not to be migrated.
            SchemaNewerError: A newer runthrough wrote the database.
        """
        _refuse_folder(path)
        if not make:
            _refuse_missing(path)
        elif migrate:
            _make_folder(path.parent)
        engine = _engine(path, timeout_s)
        try:
            with sqlite_faults(str(path)):
                found = _found(engine, path) if is_there(path) else None
                if not make:
                    _refuse_empty(found, path)
                schema.refuse_newer(found)
                if not migrate:
                    schema.check(found)
                elif found != schema.HEAD:
                    _bring_up(engine, path, timeout_s)
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

    def _begin(self, asked: Asked | None) -> Turn:
        self.driver.execute("BEGIN IMMEDIATE")
        try:
            return self._turn_at(asked)
        except BaseException:
            self._undo(inner=False)
            raise

    def _begin_shared(self, asked: Sequence[Asked]) -> Sequence[Place]:
        self.driver.execute("BEGIN IMMEDIATE")
        try:
            turns = [self._turn_at(each) for each in asked]
        except BaseException:
            self._undo(inner=False)
            raise
        return [turn.place for turn in turns if turn.place is not None]

    def _begin_inner(self, asked: Asked | None) -> Turn:
        self._refuse_given_up(not self.driver.in_transaction)
        self.driver.execute("SAVEPOINT inner_part")
        return self._turn_at(asked)

    def _turn_at(self, asked: Asked | None) -> Turn:
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
    how: dict[str, Any] = {"creator": _immutable(path)} if _is_at_rest(path) else {}
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        **how,
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


def _is_at_rest(path: Path) -> bool:
    """Whether the file can be read only as one that does not change.

    Reading a log in WAL mode makes files beside it. Where those may not be made, as on a medium
    that cannot be written, and none are there, nobody who could write uses it now.
    """
    beside = (path.with_name(f"{path.name}-{part}") for part in ("wal", "shm"))
    return (
        os.path.isfile(path)  # noqa: PTH113 - no error in a folder that may not be entered
        and not os.access(path.parent, os.W_OK)
        and not any(map(os.path.exists, beside))
    )


def _immutable(path: Path) -> Callable[[], sqlite3.Connection]:
    place = f"{path.as_uri()}?immutable=1"
    return lambda: sqlite3.connect(place, uri=True, check_same_thread=False)


def _refuse_missing(path: Path) -> None:
    if not is_there(path):
        raise StoreUnavailableError(
            f"There is no database at {path}.",
            fix="name the one you mean with RUNTHROUGH_DATABASE_URL; runthrough new PIPELINE, or "
            "runthrough db upgrade, makes a new one there",
        )


def _refuse_empty(found: str | None, path: Path) -> None:
    if found is None:
        raise StoreUnavailableError(
            f"The database {path} is empty: it holds no log.",
            fix="if it held one before, put back a copy of it; else runthrough new PIPELINE "
            "makes its tables",
        )


def is_there(path: Path) -> bool:
    """Whether there is something to open.

    Raises:
        StoreUnavailableError: Nobody may look.
    """
    try:
        return path.exists()
    except OSError as exc:  # in a folder that may not be entered
        raise StoreUnavailableError(
            f"The database {path} cannot be opened ({exc.strerror}).",
            fix="check the permissions of the file and its folder, or name another database "
            "with RUNTHROUGH_DATABASE_URL",
        ) from exc


def _refuse_folder(path: Path) -> None:
    if os.path.isdir(path):  # noqa: PTH112 - false where nobody may look, which is told elsewhere
        raise StoreUnavailableError(
            f"The database {path} is a folder.",
            fix="name a file in it, or name another database with RUNTHROUGH_DATABASE_URL",
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreUnavailableError(
            f"The folder {folder} of the database cannot be made: {exc.strerror}.",
            fix="make it, or name another database with RUNTHROUGH_DATABASE_URL",
        ) from exc


def _bring_up(engine: Engine, path: Path, timeout_s: float) -> None:
    """Make or migrate the tables; of several processes one does it, the rest wait."""
    refuse_network(path)
    mutex = FileMutex(path, timeout_s=timeout_s)
    try:
        mutex.acquire()
        found = _found(engine, path)
        schema.refuse_newer(found)
        if found != schema.HEAD:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            schema.upgrade(engine)
    finally:
        mutex.close()


def _found(engine: Engine, path: Path) -> str | None:
    """The schema that is there; today's vouches by itself that the file is ours."""
    found = schema.current(engine)
    if found != schema.HEAD:
        schema.refuse_foreign(engine, str(path))
    return found
