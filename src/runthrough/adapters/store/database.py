"""One opened database: its connections, its writer lock, its transactions."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from runthrough.adapters.store import schema
from runthrough.adapters.store.faults import translated
from runthrough.adapters.store.rows import StoredEvent
from runthrough.errors import StoreUnavailableError

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for other processes: many commits of a slow disk, and yet an answer
before its person thinks that it hangs."""
EVENT_ROWS = f"SELECT {', '.join(StoredEvent._fields)} FROM events"  # noqa: S608 - column names
INSERT_EVENT = (
    f"INSERT INTO events ({', '.join(StoredEvent._fields)}) "  # noqa: S608 - column names
    f"VALUES ({', '.join('?' * len(StoredEvent._fields))})"
)
SqlValue = str | int | float | None


class SqlDatabase:
    """A database file; the stores of one process share it, from any thread.

    Writers of this process take turns on one connection, and those of other processes wait at
    `BEGIN IMMEDIATE`. Readers use connections of their own and see what is committed; only the
    thread that holds the writer lock reads what it has just written.
    """

    def __init__(self, engine: Engine, *, place: str) -> None:
        self.place = place
        """How people know the database."""
        self._engine = engine
        self._lock = threading.RLock()
        self._depth = 0
        self._holder: int | None = None
        self._writer = engine.connect()
        self.driver = driver_of(self._writer)
        """The writer's bare connection, to be used inside `writing()` only."""

    @classmethod
    def open(
        cls, url: str, *, migrate: bool = True, busy_timeout_s: float = BUSY_TIMEOUT_S
    ) -> Self:
        """Open the database at `sqlite:////absolute/path.db`; its folder is made when missing.

        An empty or older database is migrated first, unless `migrate` is false.

        Raises:
            StoreUnavailableError: The database cannot be reached, or is none.
            SchemaOutdatedError: The schema is older, and was not to be migrated.
            SchemaNewerError: A newer runthrough wrote the database.
        """
        path = sqlite_path(url)
        if migrate:
            _make_folder(path.parent)
        engine = _engine(path, busy_timeout_s)
        try:
            with translated(str(path)):
                if migrate:
                    _bring_up(engine, path)
                else:
                    schema.check(schema.current(engine) if path.exists() else None)
                return cls(engine, place=str(path))
        except BaseException:
            engine.dispose()
            raise

    def close(self) -> None:
        """Give all connections back."""
        self._writer.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Hold the writer lock; all is committed at the end, or nothing.

        May be nested in one thread: the inner part is undone alone when it fails.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        with self._lock, translated(self.place):
            begin, commit, undo = _INNER if self._depth else _OUTER
            if self._depth and not self.driver.in_transaction:
                raise StoreUnavailableError(
                    f"The database {self.place} gave up the transaction.",
                    fix="repeat the command; nothing was recorded",
                )
            self.driver.execute(begin)
            self._depth += 1
            self._holder = threading.get_ident()
            try:
                yield self._writer
                self.driver.execute(commit)
            except BaseException:
                if self.driver.in_transaction:
                    for statement in undo:
                        self.driver.execute(statement)
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._holder = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees what is committed, or what this thread is about to commit.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        with translated(self.place):
            if self._holder == threading.get_ident():
                yield self._writer
            else:
                with self._engine.connect() as connection:
                    yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection on which several SELECTs see one and the same moment.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        with self.reading() as connection:
            if connection is self._writer:
                yield connection
                return
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("COMMIT")


_OUTER = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_INNER = (
    "SAVEPOINT inner_part",
    "RELEASE inner_part",
    ("ROLLBACK TO inner_part", "RELEASE inner_part"),
)


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The bare connection below SQLAlchemy's, which costs a tenth for each statement."""
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def event_rows(
    connection: Connection, sql: str, parameters: Sequence[SqlValue]
) -> Iterator[StoredEvent]:
    """The rows of a SELECT that begins with `EVENT_ROWS`, one by one."""
    return map(StoredEvent._make, driver_of(connection).execute(sql, parameters))


def sqlite_path(url: str) -> Path:
    """The absolute path of the file that a database URL names.

    Raises:
        StoreUnavailableError: It is not a URL of a SQLite file.
    """
    fix = "write it as sqlite:////absolute/path.db"
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise StoreUnavailableError(f"{url!r} is not a database URL.", fix=fix) from exc
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() != "sqlite":
        raise StoreUnavailableError(f"{shown} is not a SQLite database.", fix=fix)
    if parsed.database in {None, "", ":memory:"}:
        raise StoreUnavailableError(f"{shown} names no file, so nothing would be kept.", fix=fix)
    return Path(str(parsed.database)).expanduser().absolute()


def _engine(path: Path, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",  # BEGIN IMMEDIATE and COMMIT are ours to say
        max_overflow=-1,  # as many readers as there are threads
        pool_reset_on_return=None,  # readers leave no transaction behind
    )

    @event.listens_for(engine, "connect")
    def _prepare(driver: sqlite3.Connection, _record: object) -> None:
        driver.execute(f"PRAGMA busy_timeout = {int(busy_timeout_s * 1000)}")
        driver.execute("PRAGMA synchronous = FULL")  # NORMAL loses commits when power fails
        driver.execute("PRAGMA foreign_keys = ON")

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreUnavailableError(
            f"The folder {folder} of the database cannot be made: {exc.strerror}.",
            fix="make it, or name another database with RUNTHROUGH_DATABASE_URL",
        ) from exc


def _bring_up(engine: Engine, path: Path) -> None:
    """Migrate unless the schema is today's; of several processes one does it, the rest wait."""
    if _ready(engine):
        return
    lock_path = path.with_name(f"{path.name}.lock")
    try:
        lock = lock_path.open("a")
    except OSError as exc:
        raise StoreUnavailableError(
            f"The database {path} has to be set up, but {lock_path} cannot be written: "
            f"{exc.strerror}.",
            fix="check the permissions of the folder, "
            "or name another database with RUNTHROUGH_DATABASE_URL",
        ) from exc
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _ready(engine):
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            schema.upgrade(engine)


def _ready(engine: Engine) -> bool:
    found = schema.current(engine)
    schema.refuse_newer(found)
    return found == schema.HEAD
