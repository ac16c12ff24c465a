"""The log in memory: the same promises as a database, for as long as the process lives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from runthrough.adapters.store import codec, snapshots
from runthrough.adapters.store.batch import Batch
from runthrough.adapters.store.chain import ChainCheck
from runthrough.adapters.store.following import FOLLOWED, Listed, followed, parent_of
from runthrough.adapters.store.memory_tables import MemoryDatabase, Tables
from runthrough.core.events import Event, EventEnvelope
from runthrough.core.values.ids import CommandId, HostId, RunId, SessionId
from runthrough.core.values.lookup import choose
from runthrough.core.values.metadata import Holder, Metadata
from runthrough.core.values.store import (
    ZERO_HASH,
    AuditVerdict,
    Checkpoint,
    LogHead,
    SessionEntry,
    StoredEvent,
)
from runthrough.core.views.loaded import Loaded
from runthrough.errors import (
    CommandIdReusedError,
    SessionNameTakenError,
    UnknownVersionError,
    WrongExpectedVersionError,
)


class MemoryEventStore:
    """Sessions' events in memory, encoded and chained as in a database."""

    def __init__(self, database: MemoryDatabase) -> None:
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
            UnknownVersionError: A fork is to begin at a version that its parent has not.
            StoreError: An event or its metadata cannot be kept as text.
        """
        batch = Batch(
            session_id,
            events=events,
            expected_version=expected_version,
            metadata=metadata,
            request_hash=request_hash,
        )
        with self._database.writing() as tables:
            stored = _answered(tables, metadata.command_id, request_hash)
            if stored:
                return stored
            last = _last(tables, batch)
            found = last.version if last else 0
            if found != expected_version:
                raise WrongExpectedVersionError(expected_version, found)
            rows = batch.seal(
                position=len(tables.log),
                log_hash=tables.log[-1].log_hash if tables.log else ZERO_HASH,
                event_hash=last.event_hash if last else ZERO_HASH,
            )
            _follow(tables, batch)
            tables.log.extend(rows)
        return batch.envelopes(rows)

    def read(
        self, session_id: SessionId, *, after: int = 0, upto: int | None = None
    ) -> Iterator[EventEnvelope]:
        """The session's events with `after < version <= upto`, in order."""
        for row in self._database.tables.told_of(session_id)[after:upto]:
            yield codec.decode(row)

    def version_at(self, session_id: SessionId, *, at: datetime) -> int:
        """The last version before the first event that was recorded later than `at`."""
        version, asked = 0, codec.time_text(at)
        for row in self._database.tables.told_of(session_id):
            if row.recorded_at > asked:
                break
            version = row.version
        return version

    def answer(
        self, command_id: CommandId, *, request_hash: str
    ) -> tuple[EventEnvelope, ...] | None:
        """The events that the command left when it was handled before, else `None`.

        Raises:
            CommandIdReusedError: The command id is known with another request hash.
        """
        return _answered(self._database.tables, command_id, request_hash) or None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the writer lock; what this thread appends meanwhile is committed together."""
        with self._database.writing():
            yield


class MemorySessionDirectory:
    """Which sessions there are, and where their roots lie."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def sessions(self) -> tuple[SessionEntry, ...]:
        """All sessions, the one with the latest event first."""
        tables = self._database.tables
        latest = {row.session_id: row for row in tables.log}
        rows = sorted(latest.values(), key=lambda row: row.position, reverse=True)
        return tuple(
            replace(
                tables.sessions[SessionId(row.session_id)],
                version=row.version,
                last_actor=row.actor,
                updated_at=codec.read_time(row.recorded_at),
            )
            for row in rows
            if row.session_id in tables.sessions
        )

    def find(self, asked: str) -> SessionEntry | None:
        """The session of that id, or unique start of an id, else of that name."""
        return choose(asked, self.sessions())

    def last_of(self, actor: str) -> SessionEntry | None:
        """The session that holds the actor's latest event."""
        rows = [row for row in self._database.tables.log if row.actor == actor]
        return self.find(rows[-1].session_id) if rows else None

    def set_roots(self, session_id: SessionId, *, host: HostId, roots: Mapping[str, str]) -> None:
        """Keep where the roots lie on a host; replaces what was kept."""
        with self._database.writing() as tables:
            tables.roots[session_id, host] = dict(roots)

    def roots_of(self, session_id: SessionId, *, host: HostId) -> dict[str, str]:
        """Where the roots lie on a host; empty where it does not know the session."""
        return dict(self._database.tables.roots.get((session_id, host), {}))


class MemoryAuditLog:
    """The chain of hashes over the log in memory, and the checkpoints that were taken of it."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def verify(
        self,
        *,
        since: Checkpoint | None = None,
        against: Sequence[Checkpoint] = (),
        between: Callable[[], object] | None = None,
    ) -> AuditVerdict:
        """Recompute hashes from the stored bytes and compare; the last row is the head.

        With `since`, what lies up to that checkpoint is trusted, and what came later is checked.
        At each position of `against` the log must have the hash that was noted then. `between` is
        never called: all of it is at hand.
        """
        del between
        log = self._database.tables.log
        trusted = since.position if since else 0
        hashes = {(row.session_id, row.version): row.event_hash for row in log[:trusted]}
        check = ChainCheck(
            since=since,
            against=against,
            before=lambda session_id, version: hashes.get((session_id, version)),
        )
        for note in (*([since] if since else ()), *against):
            if note.position <= trusted and _log_hash_at(log, note.position) != note.log_hash:
                check.rewritten(note.position)
        for row in log[trusted:]:
            if check.add(row):
                hashes[row.session_id, row.version] = row.event_hash
        return check.verdict(self.head())

    def head(self) -> LogHead:
        """The end of the log."""
        log = self._database.tables.log
        return LogHead(len(log), log[-1].log_hash if log else ZERO_HASH)

    def stored(self, session_id: SessionId | None = None) -> Iterator[StoredEvent]:
        """The events as they are stored, of one session or of all, in the order of the log."""
        tables = self._database.tables
        return iter(tables.log if session_id is None else tables.told_of(session_id))

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint beside the log; the last one kept for a position counts."""
        with self._database.writing() as tables:
            tables.checkpoints[checkpoint.position] = checkpoint

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The checkpoints that were kept, by position."""
        kept = self._database.tables.checkpoints
        return tuple(kept[position] for position in sorted(kept))


class MemoryChangeFeed:
    """The log of all sessions in memory, as it grows."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def read(self, *, after: int = 0, limit: int | None = None) -> Iterator[EventEnvelope]:
        """Events of all sessions with `position > after`, in order, at most `limit` of them."""
        upto = None if limit is None else after + limit
        yield from map(codec.decode, self._database.tables.log[after:upto])

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Return `True` as soon as there is an event behind `after`, `False` at the time-out."""
        return self._database.wait(after=after, timeout_s=timeout_s)


class MemorySnapshotCache:
    """Folded sessions in memory, encoded as in a database."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def latest(self, session_id: SessionId, *, upto: int | None = None) -> Loaded | None:
        """The newest that can be trusted, of a version up to `upto`; the caller owns it."""
        tables = self._database.tables
        for row in reversed(tables.told_of(session_id)[:upto]):
            content = tables.snapshots.get((SessionId(row.session_id), row.version))
            loaded = snapshots.decoded(content) if content is not None else None
            if loaded is not None and loaded.event_hash == row.event_hash:
                return loaded
        return None

    def keep(self, loaded: Loaded) -> None:
        """Keep what was folded; older ones go, but for one in every 1,000 versions."""
        session_id, content = loaded.state.session_id, snapshots.encoded(loaded)
        with self._database.writing() as tables:
            tables.snapshots[session_id, loaded.state.version] = content
            versions = [version for session, version in tables.snapshots if session == session_id]
            for version in set(versions) - snapshots.kept(versions):
                del tables.snapshots[session_id, version]

    def drop(self) -> None:
        """Delete all of them."""
        with self._database.writing() as tables:
            tables.snapshots.clear()


class MemoryRunLeases:
    """Who drives a run, and the last sign of life."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def take(self, run: RunId, *, session_id: SessionId, holder: Holder, at: datetime) -> None:
        """Write the lease of a run; replaces the lease of a holder that is gone."""
        with self._database.writing() as tables:
            tables.leases[run] = (session_id, holder, at)

    def renew(self, run: RunId, *, at: datetime) -> None:
        """Give a sign of life; does nothing when the lease was released."""
        with self._database.writing() as tables:
            if run in tables.leases:
                session_id, holder, _ = tables.leases[run]
                tables.leases[run] = (session_id, holder, at)

    def renewed_at(self, run: RunId) -> datetime | None:
        """The last sign of life; `None` when there is no lease."""
        lease = self._database.tables.leases.get(run)
        return None if lease is None else lease[2]

    def release(self, run: RunId) -> None:
        """Drop the lease of a run that ended."""
        with self._database.writing() as tables:
            tables.leases.pop(run, None)


def _log_hash_at(log: Sequence[StoredEvent], position: int) -> str | None:
    if position == 0:
        return ZERO_HASH
    return log[position - 1].log_hash if position <= len(log) else None


def _answered(
    tables: Tables, command_id: CommandId, request_hash: str
) -> tuple[EventEnvelope, ...]:
    rows = tables.of_command(command_id)
    if any(row.request_hash != request_hash for row in rows):
        raise CommandIdReusedError(command_id)
    return tuple(map(codec.decode, rows))


def _last(tables: Tables, batch: Batch) -> StoredEvent | None:
    """The event behind which a batch goes; of a new fork it is its parent's."""
    stream = tables.of_session(batch.session_id)
    if batch.forked is None:
        return stream[-1] if stream else None
    if stream:
        raise ValueError("a session does not become a fork: it begins as one")
    parent, at = batch.forked.parent, batch.forked.at
    found = next((row for row in tables.of_session(parent) if row.version == at), None)
    if found is None:
        raise UnknownVersionError(parent, at)
    return found


def _follow(tables: Tables, batch: Batch) -> None:
    if not any(isinstance(event, FOLLOWED) for event in batch.events):
        return
    session_id, parent = batch.session_id, parent_of(batch.events)
    before = _listed(tables.sessions.get(session_id))
    listed = followed(
        before,
        batch.events,
        parent=None if parent is None else _listed(tables.sessions.get(parent)),
        recorded_at=batch.recorded_at,
    )
    if listed.claims(before):
        _refuse_taken(tables, listed.name, but=session_id)
    tables.sessions[session_id] = SessionEntry(
        session_id=session_id,
        name=listed.name,
        dag_name=listed.dag_name,
        phase=listed.phase,
        created_at=codec.read_time(listed.created_at),
        version=batch.expected_version,
        last_actor=batch.metadata.actor,
        updated_at=codec.read_time(batch.recorded_at),
        parent=listed.parent,
        forked_at=listed.forked_at,
        archived=listed.archived,
    )


def _listed(entry: SessionEntry | None) -> Listed | None:
    if entry is None:
        return None
    return Listed(
        entry.name,
        entry.dag_name,
        entry.phase,
        codec.time_text(entry.created_at),
        entry.parent,
        entry.forked_at,
        entry.archived,
    )


def _refuse_taken(tables: Tables, name: str, *, but: SessionId) -> None:
    for session_id, other in tables.sessions.items():
        if session_id != but and other.name == name and other.phase == "open":
            raise SessionNameTakenError(name)
