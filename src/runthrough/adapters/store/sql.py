"""The log in an SQL database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from runthrough.adapters.store import codec
from runthrough.adapters.store.batch import Batch
from runthrough.adapters.store.database import EVENT_ROWS, SqlDatabase
from runthrough.adapters.store.grouping import SHARED_EVENTS, SharedAppend
from runthrough.adapters.store.sql_directory import follow, is_followed
from runthrough.adapters.store.sql_lineage import SqlLineages
from runthrough.adapters.store.turns import Place, Turn
from runthrough.core.events import Event, EventEnvelope, SessionForked
from runthrough.core.values.ids import CommandId, SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.core.values.store import ZERO_HASH, StoredEvent
from runthrough.errors import (
    CommandIdReusedError,
    LogCorruptError,
    UnknownVersionError,
    WrongExpectedVersionError,
)

PAGE_ROWS = 1000
"""Rows read at a time: a page costs little more than its rows, and memory stays flat."""
_NO_BOUND = 2**63 - 1
_PAGE = (
    f"{EVENT_ROWS} WHERE session_id = ? AND version > ? AND version <= ? "
    f"ORDER BY version LIMIT {PAGE_ROWS}"
)
_LOG_PAGE = f"{EVENT_ROWS} WHERE position > ? ORDER BY position LIMIT ?"
_OF_COMMAND = f"{EVENT_ROWS} WHERE command_id = ? ORDER BY position"
_HASH_AT = "SELECT event_hash FROM events WHERE session_id = ? AND version = ?"
_LAST_VERSION = "SELECT version FROM events WHERE session_id = ? ORDER BY version DESC LIMIT 1"
_BEFORE_LATER = (
    "SELECT version - 1 FROM events WHERE session_id = ? AND version <= ? AND recorded_at > ? "
    "ORDER BY version LIMIT 1"
)


class SqlEventStore:
    """Sessions' events, appended under the database's writer lock."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._page = database.statement(_PAGE)
        self._of_command = database.statement(_OF_COMMAND)
        self._hash_at = database.statement(_HASH_AT)
        self._last_version = database.statement(_LAST_VERSION)
        self._before_later = database.statement(_BEFORE_LATER)
        self._lineages = SqlLineages(database)

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
            UnknownVersionError: A fork is to begin at a version that its parent has not.
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

        def sealed(place: Place) -> list[StoredEvent]:
            return batch.seal(
                position=place.position,
                log_hash=place.log_hash,
                event_hash=place.event_hash or ZERO_HASH,
            )

        if not is_followed(batch.events):
            if len(batch.events) <= SHARED_EVENTS and self._database.busy:
                return self._append_shared(batch, sealed)
            at_once = self._database.append_at_once(
                session_id,
                version=expected_version,
                command_id=metadata.command_id,
                seal=sealed,
            )
            if at_once is not None:
                return batch.envelopes(at_once)
        with self._database.appending(session_id, metadata.command_id) as turn:
            place = turn.place
            if place is None:
                raise LogCorruptError(0, "the head of the log is missing")
            if place.known_request is not None:
                return self._answered(metadata.command_id, request_hash)
            if batch.forked is not None:
                place = self._behind_parent(turn, place, batch.forked)
            if (place.version or 0) != expected_version:
                raise WrongExpectedVersionError(expected_version, place.version or 0)
            follow(turn.connection, session_id, batch.events, recorded_at=batch.recorded_at)
            turn.rows = rows = sealed(place)
        return batch.envelopes(rows)

    def _append_shared(
        self, batch: Batch, seal: Callable[[Place], Sequence[StoredEvent]]
    ) -> tuple[EventEnvelope, ...]:
        mine = SharedAppend(
            batch.session_id,
            version=batch.expected_version,
            command_id=batch.metadata.command_id,
            seal=seal,
        )
        rows = self._database.append_shared(mine)
        if rows is None:
            return self._answered(batch.metadata.command_id, batch.request_hash)
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
        while after < last:
            page = self._rows(session_id, after, last)
            # Only a fork has its first event behind a version that is not its own.
            if page[0].version > after + 1 if page else upto is not None:
                yield from self._inherited(session_id, after, last)
            yield from map(codec.decode, page)
            if len(page) < PAGE_ROWS:
                return
            after = page[-1].version

    def version_at(self, session_id: SessionId, *, at: datetime) -> int:
        """The last version before the first event that was recorded later than `at`.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        asked = codec.time_text(at)
        stretches = (*self._lineages.of(session_id), (session_id, _NO_BOUND))
        with self._database.reading() as connection:
            driver = self._database.driver_of(connection)
            for recorder, upto in stretches:
                found = driver.execute(self._before_later, (recorder, upto, asked)).fetchone()
                if found is not None:
                    return int(found[0])
            last = driver.execute(self._last_version, (session_id,)).fetchone()
        return int(last[0]) if last else 0

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
            rows = list(self._database.rows(connection, self._of_command, (command_id,)))
        if any(row.request_hash != request_hash for row in rows):
            raise CommandIdReusedError(command_id)
        return tuple(map(codec.decode, rows))

    def _rows(self, session_id: str, after: int, last: int) -> list[StoredEvent]:
        with self._database.reading() as connection:
            return list(self._database.rows(connection, self._page, (session_id, after, last)))

    def _inherited(self, session_id: SessionId, after: int, last: int) -> Iterator[EventEnvelope]:
        """What a fork's ancestors recorded of the versions behind `after`, up to `last`."""
        for recorder, end in self._lineages.of(session_id):
            upto = min(end, last)
            while after < upto and (page := self._rows(recorder, after, upto)):
                yield from map(codec.decode, page)
                after = page[-1].version

    def _behind_parent(self, turn: Turn, place: Place, fork: SessionForked) -> Place:
        """The place of a new fork, which is right behind the version of its parent."""
        if place.version is not None:
            raise ValueError("a session does not become a fork: it begins as one")
        driver = self._database.driver_of(turn.connection)
        found = driver.execute(self._hash_at, (fork.parent, fork.at)).fetchone()
        if found is None:
            raise UnknownVersionError(fork.parent, fork.at)
        return place._replace(version=fork.at, event_hash=found[0])


class SqlChangeFeed:
    """The log of all sessions, as it grows."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._page = database.statement(_LOG_PAGE)

    def read(self, *, after: int = 0, limit: int | None = None) -> Iterator[EventEnvelope]:
        """Events of all sessions with `position > after`, in order, at most `limit` of them.

        Raises:
            LogCorruptError: A stored event is not one that was written.
            StoreUnavailableError: The database cannot be read.
        """
        left = _NO_BOUND if limit is None else limit
        while left > 0:
            size = min(left, PAGE_ROWS)
            with self._database.reading() as connection:
                page = list(self._database.rows(connection, self._page, (after, size)))
            yield from map(codec.decode, page)
            if len(page) < size:
                return
            after, left = page[-1].position, left - size

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Return `True` as soon as there is an event behind `after`, `False` at the time-out.

        Raises:
            StoreUnavailableError: The database cannot be read.
        """
        return self._database.wait(after=after, timeout_s=timeout_s)
