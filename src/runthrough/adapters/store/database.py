"""One opened database: its connections, its writer lock, its transactions."""

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from runthrough.adapters.store.grouping import SharedAppend, SharedCommits, chained
from runthrough.adapters.store.mutex import FairMutex
from runthrough.adapters.store.turns import Asked, Place, SqlValue, Turn, TurnContext
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
    fails_all: ClassVar[type[Exception]]
    """What the driver raises where no other append of a group would fare better."""
    move_head: ClassVar[str]

    def __init__(self, engine: Engine, *, place: str, mutex: FairMutex) -> None:
        self.place = place
        """How people know the database."""
        self._engine = engine
        self._mutex = mutex
        self._shared = SharedCommits(self._commit_shared)
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
    def _begin(self, asked: Asked | None) -> Turn:
        """Begin a transaction that nobody else can write beside; ask for a place in it."""

    @abstractmethod
    def _begin_shared(self, asked: Sequence[Asked]) -> Sequence[Place]:
        """`_begin`, for several places; there are none where the log has no head."""

    @abstractmethod
    def _end(self, rows: Sequence[StoredEvent]) -> None:
        """Insert the events, move the head behind them, and commit durably."""

    @abstractmethod
    def _begin_inner(self, asked: Asked | None) -> Turn:
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
        with TurnContext(self._take_turn, self._end_turn) as turn:
            yield turn.connection

    def appending(self, session_id: str, command_id: str) -> AbstractContextManager[Turn]:
        """`writing()` for one append: tells its place, and inserts the rows the turn is given.

        Raises:
            StoreUnavailableError: The database cannot be written.
        """
        asked = (session_id, session_id, command_id)
        return TurnContext(self._take_turn, self._end_turn, asked)

    @property
    def busy(self) -> bool:
        """Whether an append that comes now has to wait for another thread, and may be shared."""
        return (self._shared.busy or self._mutex.taken) and self._holder != threading.get_ident()

    def append_shared(self, mine: SharedAppend) -> Sequence[StoredEvent] | None:
        """Append in one commit with the others that wait; `None` for a command the log knows.

        Raises:
            WrongExpectedVersionError: The session is not at the expected version.
            StoreUnavailableError: The database cannot be written; nothing of the group was.
        """
        self._refuse_inherited()
        try:
            return self._shared.append(mine)
        except Exception as exc:
            self._raise_fault(exc)
            raise

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

    def _take_turn(self, asked: Asked | None) -> Turn:
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

    def _commit_shared(self, take: Callable[[], Sequence[SharedAppend]]) -> None:
        """Take a turn for all that wait when it comes."""
        self._mutex.acquire()
        try:
            self._holder = threading.get_ident()
            group = take()
            try:
                self._append_all(group)
            except Exception as error:
                if len(group) == 1 or isinstance(error, StoreUnavailableError | self.fails_all):
                    raise
                self._append_singly(group)
        finally:
            self._holder = None
            self._mutex.release()

    def _append_singly(self, group: Sequence[SharedAppend]) -> None:
        """Append each by itself, where one of them cannot be: which, only the database tells."""
        for each in group:
            try:
                self._append_all((each,))
            except Exception as error:  # noqa: BLE001 - told to its caller
                each.settle(error)

    def _append_all(self, group: Sequence[SharedAppend]) -> None:
        places = self._begin_shared([each.asked for each in group])
        try:
            rows, outcomes = chained(group, places)
            self._end(rows)
        except BaseException:
            self._undo(inner=False)
            raise
        for each, outcome in zip(group, outcomes, strict=True):
            each.settle(outcome)

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


def polled(look: Callable[[], int], *, after: int, until: float) -> bool:
    """Look now and then until the log is longer than `after`; `until` on the monotonic clock."""
    while True:
        position, left = look(), until - time.monotonic()
        if position > after or left <= 0:
            return position > after
        time.sleep(min(POLL_S, left))
