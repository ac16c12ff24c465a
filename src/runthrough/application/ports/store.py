"""What is remembered: the log, and what is kept beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from runthrough.core.events import Event, EventEnvelope
from runthrough.core.values.ids import CommandId, HostId, RunId, SessionId, TokenId
from runthrough.core.values.metadata import Holder, Metadata
from runthrough.core.values.store import (
    AuditVerdict,
    Checkpoint,
    LogHead,
    SessionEntry,
    StoredEvent,
)
from runthrough.core.values.tokens import Token
from runthrough.core.views.loaded import Loaded


class EventStore(Protocol):
    """The log: sessions' events in the order of their commits."""

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

        A known `command_id` with the same `request_hash` is answered with the events stored
        then. `SessionStarted`, `SessionForked`, `SessionImported`, `SessionRenamed`,
        `SessionClosed`, `SessionReopened` and `SessionArchived` also write the directory.

        A session that begins with `SessionForked` goes on from a version of its parent, which is
        the expected version: in hashes as in versions its first event follows the parent's.

        Raises:
            WrongExpectedVersionError: The session is not at `expected_version`.
            CommandIdReusedError: The command id is known with another request hash.
            SessionNameTakenError: Another open session has the name.
            UnknownVersionError: The parent did not record that version itself.
            StoreUnavailableError: The database cannot be written.
            StoreError: An event or its metadata cannot be kept as text.
            ValueError: There are no events, or `SessionForked` is not the session's first.
        """
        ...

    def read(
        self, session_id: SessionId, *, after: int = 0, upto: int | None = None
    ) -> Iterator[EventEnvelope]:
        """The session's events with `after < version <= upto`, in order.

        Of a fork the first are those of its ancestors, with the ancestors' own ids.
        """
        ...

    def version_at(self, session_id: SessionId, *, at: datetime) -> int:
        """The last version before the first event that was recorded later than `at`.

        So an event of a clock that went backwards meanwhile stays where it stands. 0 where the
        first event is later, or there is none.
        """
        ...

    def answer(
        self, command_id: CommandId, *, request_hash: str
    ) -> tuple[EventEnvelope, ...] | None:
        """The events that the command left when it was handled before, else `None`.

        Raises:
            CommandIdReusedError: The command id is known with another request hash.
        """
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the writer lock.

        Inside, nobody else appends, and this thread may read and append; all of it is committed
        together at the end, or nothing.
        """
        ...


class SessionDirectory(Protocol):
    """Which sessions there are, and where their roots lie on each host."""

    def sessions(self) -> tuple[SessionEntry, ...]:
        """All sessions, the one with the latest event first."""
        ...

    def find(self, asked: str) -> SessionEntry | None:
        """The session of that id, else the open one of that name, else the latest closed."""
        ...

    def last_of(self, actor: str) -> SessionEntry | None:
        """The session that holds the actor's latest event."""
        ...

    def set_roots(self, session_id: SessionId, *, host: HostId, roots: Mapping[str, str]) -> None:
        """Keep where the roots lie on a host; replaces what was kept."""
        ...

    def roots_of(self, session_id: SessionId, *, host: HostId) -> dict[str, str]:
        """Where the roots lie on a host; empty where it does not know the session."""
        ...


class AuditLog(Protocol):
    """The chain of hashes over the log."""

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
        """
        ...

    def head(self) -> LogHead:
        """The end of the log.

        Raises:
            LogCorruptError: The log has no end.
        """
        ...

    def stored(self, session_id: SessionId | None = None) -> Iterator[StoredEvent]:
        """The events as they are stored, of one session or of all, in the order of the log."""
        ...

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint beside the log; the last one kept for a position counts."""
        ...

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The checkpoints that were kept, by position."""
        ...


class LogImport(Protocol):
    """Takes over what another log holds; used under the store's `exclusive()`."""

    def event_hash(self, session_id: SessionId, *, version: int | None = None) -> str | None:
        """The hash of the session's own event of that version, or of its last."""
        ...

    def take(self, rows: Sequence[StoredEvent]) -> None:
        """Append the rows with their event hashes; positions and log hashes are made anew."""
        ...

    def enter(self, entry: SessionEntry) -> None:
        """Write the session's row of the directory, in place of one that is there."""
        ...


class ChangeFeed(Protocol):
    """The log as a stream, for doors that show what others do."""

    def read(self, *, after: int = 0, limit: int | None = None) -> Iterator[EventEnvelope]:
        """Events of all sessions with `position > after`, in order, at most `limit` of them.

        Nothing is missed: positions have no holes, and become visible in their order.
        """
        ...

    def wait(self, *, after: int, timeout_s: float) -> bool:
        """Return `True` as soon as there is an event behind `after`, `False` at the time-out."""
        ...


class SnapshotCache(Protocol):
    """Folded sessions, so that opening one need not read all of it; deletable at any time."""

    def latest(self, session_id: SessionId, *, upto: int | None = None) -> Loaded | None:
        """The newest that can be trusted, of a version up to `upto`; the caller owns it.

        Of a fork that has none it is an ancestor's, of what the two share, with the ancestor's
        id. One of another fold version, of an event that the log does not hold, or that cannot be
        read is no snapshot.
        """
        ...

    def keep(self, loaded: Loaded) -> None:
        """Keep what was folded; older ones go, but for one in every 1,000 versions."""
        ...

    def drop(self) -> None:
        """Delete all of them."""
        ...


class RunLeases(Protocol):
    """Who drives a run, and the last sign of life; outside the log."""

    def take(self, run: RunId, *, session_id: SessionId, holder: Holder, at: datetime) -> None:
        """Write the lease of a new run."""
        ...

    def renew(self, run: RunId, *, at: datetime) -> None:
        """Give a sign of life."""
        ...

    def renewed_at(self, run: RunId) -> datetime | None:
        """The last sign of life; `None` when there is no lease."""
        ...

    def release(self, run: RunId) -> None:
        """Drop the lease of a run that ended."""
        ...


class TokenStore(Protocol):
    """Who is let in at the service; outside the log, and no secret in it."""

    def add(self, token: Token, *, text_hash: str) -> None:
        """Keep a new token, with the SHA-256 of its text in hex.

        Raises:
            StoreError: A token of that id is kept.
        """
        ...

    def find(self, token_id: TokenId) -> tuple[Token, str] | None:
        """The token of that id, and the hash of its text; `None` where there is none."""
        ...

    def tokens(self) -> tuple[Token, ...]:
        """All tokens, those that let nobody in any more too, in the order they were made in."""
        ...

    def revoke(self, token_id: TokenId, *, at: datetime) -> None:
        """Let nobody in with it from now on; does nothing where it was revoked, or is not kept."""
        ...

    def forget_sign_ins(self, *, ended_before: datetime) -> None:
        """Drop the browser tokens that expired or were revoked before then; no other token."""
        ...
