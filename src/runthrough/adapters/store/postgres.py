"""The database of a team: PostgreSQL, by psycopg."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import NamedTuple, Self, cast

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from runthrough.adapters.store import schema
from runthrough.adapters.store.database import SqlDatabase, polled
from runthrough.adapters.store.faults import postgresql_fault, postgresql_faults, shown_url
from runthrough.adapters.store.mutex import FairMutex
from runthrough.adapters.store.tables import OPEN_NAME, SESSIONS
from runthrough.adapters.store.turns import Asked, Place, Turn
from runthrough.core.values.store import StoredEvent
from runthrough.errors import StoreUnavailableError

# What the driver ignores while it ends a pipeline it logs, by default to stderr; the error that
# led there is raised and tells it.
logging.getLogger("psycopg").addHandler(logging.NullHandler())
OPEN_NAME.dialect_options["postgresql"]["where"] = SESSIONS.c.phase == "open"
KEPT_CONNECTIONS = 20
"""So many stay open between uses; a connection is opened anew in some milliseconds, and a service
has about so many readers at once. A command opens one or two."""
LOCK_TIMEOUT_S = 30.0
"""How long a writer waits for others, as with SQLite."""
STANDSTILL_S = 60.0
"""A writer that stands still in a transaction, stopped or cut off, loses it after so long: it
holds the lock that all others wait for."""
CONNECT_TIMEOUT_S = 10
"""How long to try to reach the server: longer than a slow network, shorter than patience."""
AT_ONCE_ROWS = 8
"""Up to so many events of one command are appended in one trip: most commands leave fewer, and
each number of rows is a statement of its own that the server prepares."""
_NUMBERS = {"position", "version", "schema_version"}
_CHANNEL = "runthrough_log"
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
# A statement of its own: one that waits for the lock goes on with what it saw before the wait.
_LOCK = "SELECT position FROM log_head FOR UPDATE"
_HEAD = "SELECT position FROM log_head"
_PREPARE = (
    "SELECT set_config('lock_timeout', %s, false), "
    "set_config('idle_in_transaction_session_timeout', %s, false), "
    # Another isolation would fail where this one looks at the head again after a wait.
    "set_config('default_transaction_isolation', 'read committed', false), "
    # The statements are few and always the same; planning them anew costs as much as they do.
    "set_config('plan_cache_mode', 'force_generic_plan', false), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
)


class PostgresDatabase(SqlDatabase):
    """A PostgreSQL database, written by any number of processes of any number of machines.

    Writers of all processes take turns at the row of the log's head. An append takes two round
    trips: to begin, lock and ask; to insert and commit. A writer that nobody came between since
    its last append knows the answer, and takes one: all of it under the condition that the head
    is still the one that it left.
    """

    begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    fails_all = psycopg.OperationalError

    def __init__(self, engine: Engine, *, place: str) -> None:
        super().__init__(engine, place=place, mutex=FairMutex())
        self._writer: Connection | None = None
        self._left_at: str | None = None
        """Hash of the log where this process left it."""
        self._known: _Known | None = None
        """The place behind what this process appended, while nobody else appends."""
        self._alone = False

    @classmethod
    def open(cls, url: URL, *, migrate: bool = False, timeout_s: float = LOCK_TIMEOUT_S) -> Self:
        """Open the database at a URL; with `migrate`, bring its tables up first.

        Raises:
            StoreUnavailableError: The database cannot be reached.
            SchemaOutdatedError: The schema is older, and was not to be migrated.
            SchemaNewerError: A newer runthrough wrote the database.
        """
        place = shown_url(url)
        engine = _engine(url, timeout_s)
        try:
            with postgresql_faults(place):
                if migrate:
                    _refuse_encoding(engine, place)
                    schema.upgrade(engine)
                schema.check(schema.current(engine))
                return cls(engine, place=place)
        except BaseException:
            engine.dispose()
            raise

    def close(self) -> None:
        """Give all connections back."""
        if self._writer is not None:
            self._writer.close()
        super().close()

    @staticmethod
    def statement(sql: str) -> str:
        """Plain SQL with the driver's marks for values."""
        return sql.replace("?", "%s")

    @staticmethod
    def driver_of(connection: Connection) -> psycopg.Connection:
        """The bare connection below SQLAlchemy's."""
        return cast("psycopg.Connection", connection.connection.driver_connection)

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Listen to the server until the log is longer than `after`.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        self._refuse_inherited()
        until = time.monotonic() + timeout_s
        with self._translated(), self._engine.connect() as connection:
            listener = self.driver_of(connection)
            try:
                listener.execute(f"LISTEN {_CHANNEL}")
            except (
                psycopg.errors.ReadOnlySqlTransaction
            ):  # a replica can be read, and tells nothing
                return polled(lambda: _head(listener), after=after, until=until)
            try:
                return self._grown(listener, after, until)
            finally:
                # A connection that nobody reads must not be told any more.
                with suppress(psycopg.OperationalError):
                    listener.execute(f"UNLISTEN {_CHANNEL}")

    def _grown(self, listener: psycopg.Connection, after: int, until: float) -> bool:
        while True:
            position = _head(listener)
            left = until - time.monotonic()
            if position > after or left <= 0:
                return position > after
            for _ in listener.notifies(timeout=left, stop_after=1):
                pass

    def _writing_connection(self) -> Connection:
        if self._writer is None or self._writer.closed:
            self._writer = self._engine.connect()
        return self._writer

    @property
    def driver(self) -> psycopg.Connection:
        """The writer's bare connection, to be used inside `writing()` only."""
        return self.driver_of(self._writing_connection())

    def _fault(self, exc: BaseException) -> StoreUnavailableError | None:
        return postgresql_fault(self.place, exc)

    def _begin(self, asked: Asked | None) -> Turn:
        connection, found = self._begun([] if asked is None else [asked])
        return Turn(connection, found[0] if found else None)

    def _begin_shared(self, asked: Sequence[Asked]) -> Sequence[Place]:
        return self._begun(asked)[1]

    def _begun(self, asked: Sequence[Asked]) -> tuple[Connection, list[Place]]:
        try:
            return self._begun_once(asked)
        except psycopg.Error:
            if not self._forget_broken():
                self._undo(inner=False)
                raise
            # The connection was lost while nobody used it; nothing has been asked of it yet.
            return self._begun_once(asked)

    def _begun_once(self, asked: Sequence[Asked]) -> tuple[Connection, list[Place]]:
        connection = self._writing_connection()
        driver = self.driver_of(connection)
        with driver.pipeline():
            driver.execute(_BEGIN)
            driver.execute(_LOCK)
            cursors = [driver.execute(self.place_of, each) for each in asked]
        places = [Place._make(row) for cursor in cursors if (row := cursor.fetchone())]
        self._known = None
        self._alone = bool(places) and places[0].log_hash == self._left_at
        return connection, places

    def _begin_inner(self, asked: Asked | None) -> Turn:
        connection = self._writing_connection()
        driver = self.driver_of(connection)
        status = driver.info.transaction_status
        self._refuse_given_up(status is not psycopg.pq.TransactionStatus.INTRANS)
        with driver.pipeline():
            driver.execute("SAVEPOINT inner_part")
            place = None if asked is None else driver.execute(self.place_of, asked)
        return _turn(connection, place)

    def _end(self, rows: Sequence[StoredEvent]) -> None:
        with self.driver.pipeline():
            self._insert(rows)
            self.driver.execute("COMMIT")
        if rows:
            self._left(rows[-1], known=self._alone)

    def _left(self, last: StoredEvent, *, known: bool) -> None:
        """Remember where the log was left; the place behind it only while nobody else appends."""
        self._left_at = last.log_hash
        place = Place(last.position, last.log_hash, last.version, last.event_hash, None)
        self._known = _Known(last.session_id, place) if known else None

    def append_at_once(
        self,
        session_id: str,
        *,
        version: int,
        command_id: str,
        seal: Callable[[Place], Sequence[StoredEvent]],
    ) -> Sequence[StoredEvent] | None:
        """Append in one round trip, if the log is still as this process left it.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        self._refuse_inherited()
        if self._known is None or self._holder == threading.get_ident():
            return None
        with self._translated(), self._mutex:
            known, self._known = self._known, None
            if known is None or (known.session_id, known.place.version) != (session_id, version):
                return None
            rows = seal(known.place)
            if len(rows) > AT_ONCE_ROWS:
                return None
            try:
                if not self._insert_if_unmoved(rows, known.place.log_hash, command_id):
                    return None
            except psycopg.OperationalError:
                if not self._forget_broken():
                    raise
                # If it was committed all the same, asking for the place finds the command.
                return None
            self._left(rows[-1], known=True)
            return rows

    def _insert_if_unmoved(
        self, rows: Sequence[StoredEvent], log_hash: str, command_id: str
    ) -> bool:
        last = rows[-1]
        values = (value for row in rows for value in row)
        done = self.driver.execute(
            _at_once(len(rows)), (last.position, last.log_hash, log_hash, command_id, *values)
        )
        return done.rowcount == len(rows)

    def _end_inner(self, rows: Sequence[StoredEvent]) -> None:
        with self.driver.pipeline():
            self._insert(rows)
            self.driver.execute("RELEASE inner_part")

    def _insert(self, rows: Sequence[StoredEvent]) -> None:
        if rows:
            self.driver.cursor().executemany(self.insert_event, rows)
            self.driver.execute(self.move_head, (rows[-1].position, rows[-1].log_hash))
            self.driver.execute(f"NOTIFY {_CHANNEL}")

    def _undo(self, *, inner: bool) -> None:
        if self._forget_broken():
            return
        driver = self.driver
        if driver.info.transaction_status is psycopg.pq.TransactionStatus.IDLE:
            return
        try:
            if inner:
                driver.execute("ROLLBACK TO inner_part")
                driver.execute("RELEASE inner_part")
            else:
                driver.execute("ROLLBACK")
        except psycopg.Error:
            # Interrupted while it was talking to the server: the server undoes it all the same
            # when the connection goes, and what led here is the error to tell.
            driver.close()
            self._forget_broken()

    def _forget_broken(self) -> bool:
        """Let go of a connection that is lost; whether it was."""
        writer = self._writer
        if writer is None:
            return True
        if not self.driver_of(writer).closed:
            return False
        self._writer = None
        writer.invalidate()
        writer.close()
        return True


class _Known(NamedTuple):
    """A place that needs not be asked for, as long as nobody else appends."""

    session_id: str
    place: Place


@cache
def _at_once(count: int) -> str:
    """The statement that appends so many rows if the head is where it was left.

    The head's row is looked at again after a wait for it, so its hash vouches for all the rest.
    """
    row = ", ".join(
        f"%s::{'bigint' if name in _NUMBERS else 'text'}" for name in StoredEvent._fields
    )
    columns = ", ".join(StoredEvent._fields)
    return (
        "WITH moved AS (UPDATE log_head SET position = %s, log_hash = %s WHERE log_hash = %s "  # noqa: S608 - column names
        "AND NOT EXISTS (SELECT 1 FROM events WHERE command_id = %s) "
        f"RETURNING pg_notify('{_CHANNEL}', '')) INSERT INTO events ({columns}) "
        f"SELECT event.* FROM moved, (VALUES {', '.join([f'({row})'] * count)}) "
        f"AS event ({columns})"
    )


def _head(driver: psycopg.Connection) -> int:
    """The position that the log has reached."""
    found = driver.execute(_HEAD).fetchone()
    return int(found[0]) if found else 0


def _turn(connection: Connection, place: psycopg.Cursor | None) -> Turn:
    found = None if place is None else place.fetchone()
    return Turn(connection, None if found is None else Place._make(found))


def _engine(url: URL, timeout_s: float) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours to say
        pool_size=KEPT_CONNECTIONS,
        max_overflow=-1,  # as many readers as there are threads
        pool_pre_ping=True,  # a server that was restarted is no error
        pool_reset_on_return=None,  # readers leave no transaction behind
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            # Neither a variable of the user nor a database without an encoding decides it.
            "client_encoding": "utf8",
        },
    )
    limits = [str(int(seconds * 1000)) for seconds in (timeout_s, STANDSTILL_S)]

    @event.listens_for(engine, "connect")
    def _prepare(driver: psycopg.Connection, _record: object) -> None:
        driver.autocommit = True
        driver.execute(_PREPARE, limits)

    return engine


def _refuse_encoding(engine: Engine, place: str) -> None:
    with engine.connect() as connection:
        encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise StoreUnavailableError(
            f"The database {place} has the encoding {encoding}, which cannot hold all text.",
            fix="make another with createdb --encoding=UTF8 --template=template0",
        )
