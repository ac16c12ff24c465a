"""One opened database: its connections, its writer lock, its transactions."""

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from runthrough.adapters.store.mutex import FairMutex
from runthrough.core.values.store import StoredEvent
from runthrough.errors import StoreUnavailableError

EVENT_ROWS = f"SELECT {', '.join(StoredEvent._fields)} FROM events"  # noqa: S608 - column names
_INSERT_EVENT = (
    f"INSERT INTO events ({', '.join(StoredEvent._fields)}) "  # noqa: S608 - column names
    f"VALUES ({', '.join('?' * len(StoredEvent._fields))})"
)
# One row as long as there is a head. Values asked for one by one cost less than a join of them.
_PLACE = """
    SELECT position, log_hash,
           (SELECT version FROM events WHERE session_id = ? ORDER BY version DESC LIMIT 1),
           (SELECT event_hash FROM events WHERE session_id = ? ORDER BY version DESC LIMIT 1),
           (SELECT request_hash FROM events WHERE command_id = ? LIMIT 1)
    FROM log_head
"""
_MOVE_HEAD = "UPDATE log_head SET position = ?, log_hash = ?"

POLL_S = 0.05
"""How often a reader looks whom nobody tells: an answer well within a second, at 20 looks of some
20 µs."""

SqlValue = str | int | float | None


class Place(NamedTuple):
    """Where the next event of a session goes."""

    position: int
    """Of the log's last event."""
    log_hash: str
    version: int | None
    """Of the session's last event; `None` where it has none."""
    event_hash: str | None
    known_request: str | None
    """Request hash of the command, when it was handled before."""


@dataclass(slots=True)
class Turn:
    """One transaction under the writer lock."""

    connection: Connection
    place: Place | None = None
    """What was asked when the turn began; `None` also where the log has no head."""
    rows: Sequence[StoredEvent] = field(default_factory=tuple)
    """Events to insert when the turn ends, behind `place`."""
    inner: bool = False
    """Whether it is a part of a turn that this thread has already."""


class Cursor(Protocol):
    """What a driver's statement gives."""

    def fetchone(self) -> Any:
        """The next row, or `None`."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Driver(Protocol):
    """The bare connection below SQLAlchemy's, which costs a tenth for each statement."""

    def execute(self, query: str, params: Sequence[SqlValue] = (), /) -> Cursor:
        """Run one statement."""
        ...


class SqlDatabase(ABC):
    """A database; the stores of one process share it, from any thread.

    Writers take turns on one connection. Readers use connections of their own and see what is
    committed; only the thread that holds the writer lock reads what it has just written.
    """

    begin_snapshot: ClassVar[str]
    """Begins a transaction that goes on seeing what was there at its first SELECT."""
    insert_event: ClassVar[str]
    place_of: ClassVar[str]
    move_head: ClassVar[str]

    def __init__(self, engine: Engine, *, place: str, mutex: FairMutex) -> None:
        self.place = place
        """How people know the database."""
        self._engine = engine
        self._mutex = mutex
        self._holder: int | None = None
        self._process = os.getpid()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.insert_event, cls.place_of, cls.move_head = map(
            cls.statement, (_INSERT_EVENT, _PLACE, _MOVE_HEAD)
        )

    # ---- what the back ends differ in

    @staticmethod
    @abstractmethod
    def statement(sql: str) -> str:
        """Plain SQL, with `?` for each value, as the driver wants it."""

    @staticmethod
    @abstractmethod
    def driver_of(connection: Connection) -> Driver:
        """The driver's connection below SQLAlchemy's."""

    @abstractmethod
    def _fault(self, exc: BaseException) -> StoreUnavailableError | None:
        """The words for an error of the driver; `None` for any other."""

    @abstractmethod
    def _begin(self, asked: Sequence[SqlValue] | None) -> Turn:
        """Begin a transaction that nobody else can write beside; ask for a place in it."""

    @abstractmethod
    def _end(self, rows: Sequence[StoredEvent]) -> None:
        """Insert the events, move the head behind them, and commit durably."""

    @abstractmethod
    def _begin_inner(self, asked: Sequence[SqlValue] | None) -> Turn:
        """Begin a part of the transaction that can be undone alone; ask for a place in it.

        Raises:
            StoreUnavailableError: The database ended the transaction by itself.
        """

    @abstractmethod
    def _end_inner(self, rows: Sequence[StoredEvent]) -> None:
        """Insert the events, move the head behind them, and keep the part."""

    @abstractmethod
    def _undo(self, *, inner: bool) -> None:
        """Undo the transaction, or its inner part, as far as there still is one."""

    def append_at_once(
        self,
        session_id: str,
        *,
        version: int,
        command_id: str,
        seal: Callable[[Place], Sequence[StoredEvent]],
    ) -> Sequence[StoredEvent] | None:
        """Append without asking for the place first, where the back end knows a way.

        `None` where it knows none, or where the log is not as it was left by this process: then
        `appending` is to be used. It holds all that `appending` promises.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        del session_id, version, command_id, seal  # there is nothing to spare: a file is near
        return None

    @abstractmethod
    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Return `True` as soon as the log is longer than `after`, `False` at the time-out.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """

    # ---- what they share

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Hold the writer lock; all is committed at the end, or nothing.

        May be nested in one thread: the inner part is undone alone when it fails.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        with _TurnContext(self._take_turn, self._end_turn) as turn:
            yield turn.connection

    def appending(self, session_id: str, command_id: str) -> AbstractContextManager[Turn]:
        """`writing()` for one append: tells its place, and inserts the rows the turn is given.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        asked = (session_id, session_id, command_id)
        return _TurnContext(self._take_turn, self._end_turn, asked)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees what is committed, or what this thread is about to commit.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        self._refuse_inherited()
        with self._translated():
            if self._holder == threading.get_ident():
                yield self._writing_connection()
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
            if self._holder == threading.get_ident():
                yield connection
                return
            connection.exec_driver_sql(self.begin_snapshot)
            try:
                yield connection
            finally:
                # Where the connection is lost, the first error tells it.
                with suppress(DBAPIError):
                    connection.exec_driver_sql("ROLLBACK")

    def rows(
        self, connection: Connection, sql: str, parameters: Sequence[SqlValue]
    ) -> Iterator[StoredEvent]:
        """The rows of a SELECT that begins with `EVENT_ROWS`, one by one."""
        return map(StoredEvent._make, self.driver_of(connection).execute(sql, parameters))

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()
        self._mutex.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def _writing_connection(self) -> Connection:
        """The connection that writes."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns the driver's errors into ours."""
        try:
            yield
        except Exception as exc:
            self._raise_fault(exc)
            raise

    def _raise_fault(self, exc: BaseException) -> None:
        fault = self._fault(exc)
        if fault is not None:
            raise fault from exc

    def _take_turn(self, asked: Sequence[SqlValue] | None) -> Turn:
        self._refuse_inherited()
        me = threading.get_ident()
        inner = self._holder == me
        if not inner:
            self._mutex.acquire()
        try:
            turn = self._begin_inner(asked) if inner else self._begin(asked)
        except BaseException as exc:
            if not inner:
                self._mutex.release()
            self._raise_fault(exc)
            raise
        self._holder = me
        turn.inner = inner
        return turn

    def _end_turn(self, turn: Turn, error: BaseException | None) -> None:
        try:
            if error is None:
                self._keep(turn)
            else:
                self._undo(inner=turn.inner)
                self._raise_fault(error)
        except BaseException as exc:
            self._raise_fault(exc)
            raise
        finally:
            if not turn.inner:
                self._holder = None
                self._mutex.release()

    def _keep(self, turn: Turn) -> None:
        try:
            if turn.inner:
                self._end_inner(turn.rows)
            else:
                self._end(turn.rows)
        except BaseException:
            self._undo(inner=turn.inner)
            raise

    def _refuse_given_up(self, given_up: bool) -> None:
        """Go on only with a transaction that the database has not ended by itself."""
        if given_up:
            raise StoreUnavailableError(
                f"The database {self.place} gave up the transaction.",
                fix="repeat the command; nothing was recorded",
            )

    def _refuse_inherited(self) -> None:
        if self._process != os.getpid():
            raise StoreUnavailableError(
                f"The database {self.place} was opened by the process that this one was forked "
                "from; its connections cannot be shared.",
                fix="open the database in this process",
            )


class _TurnContext(AbstractContextManager[Turn]):
    """Holds a turn; a class, because generators would cost a tenth of an append."""

    __slots__ = ("_asked", "_end", "_take", "_turn")

    def __init__(
        self,
        take: Callable[[Sequence[SqlValue] | None], Turn],
        end: Callable[[Turn, BaseException | None], None],
        asked: Sequence[SqlValue] | None = None,
    ) -> None:
        self._take = take
        self._end = end
        self._asked = asked

    def __enter__(self) -> Turn:
        self._turn = self._take(self._asked)
        return self._turn

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end(self._turn, exc)


def polled(look: Callable[[], int], *, after: int, until: float) -> bool:
    """Look now and then until the log is longer than `after`; `until` on the monotonic clock."""
    while True:
        position, left = look(), until - time.monotonic()
        if position > after or left <= 0:
            return position > after
        time.sleep(min(POLL_S, left))
