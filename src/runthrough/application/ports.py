"""What the application asks of the world. Adapters satisfy these by shape."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from runthrough.core.events import Event, EventEnvelope
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.contracts import ContractFacts
from runthrough.core.values.facts import ContentFacts, InterpreterFacts, PathFacts
from runthrough.core.values.ids import CommandId, HostId, NodeName, RecordedPath, RunId, SessionId
from runthrough.core.values.metadata import Holder, Metadata, SessionSettings
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptInfo
from runthrough.core.values.store import (
    AuditVerdict,
    Checkpoint,
    LogHead,
    SessionEntry,
    StoredEvent,
)
from runthrough.core.views.loaded import Loaded

Clock = Callable[[], datetime]
"""Now, aware, UTC."""
NewId = Callable[[], str]
"""A new UUIDv7 in lower-case text."""


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
        self, *, since: Checkpoint | None = None, against: Sequence[Checkpoint] = ()
    ) -> AuditVerdict:
        """Recompute hashes from the stored bytes and compare, the head included.

        With `since`, what lies up to that checkpoint is trusted, and what came later is checked.
        At each position of `against` the log must have the hash that was noted then.
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


class Catalog(Protocol):
    """Finds and reads scripts without importing them."""

    def discover(
        self,
        nodes: Sequence[NodeName],
        *,
        pipeline: PipelineDeclaration,
        settings: SessionSettings,
        roots: Roots,
    ) -> dict[NodeName, Discovery]:
        """Look for the script of each node (DESIGN § 4); each file is read once."""
        ...

    def inspect(self, path: RecordedPath, *, roots: Roots) -> ScriptInfo | None:
        """A script that is known already, as it is now; `None` when it is gone."""
        ...

    def requirements(
        self,
        script: ScriptInfo,
        *,
        roots: Roots,
        job_args: Mapping[str, JsonValue],
        environ_vars: Mapping[str, JsonValue],
    ) -> ScriptRequirements:
        """What the code needs when it is run with these arguments and variables."""
        ...

    def contract(self, script: ScriptInfo, *, roots: Roots) -> ContractFacts | None:
        """What a contract beside the script says it needs; `None` when there is none."""
        ...


class Inspector(Protocol):
    """Looks at paths and interpreters."""

    def look(
        self, paths: Iterable[RecordedPath], *, roots: Roots, digest_up_to: int | None
    ) -> dict[RecordedPath, PathFacts]:
        """Facts about each path.

        Content of more than `digest_up_to` bytes is not digested (`None`: always digested,
        `-1`: never). A digest is taken again only when size, modification time or inode moved.
        """
        ...

    def content(self, path: str, *, secrets: Sequence[str] = ()) -> ContentFacts:
        """A look into what lies at an absolute path, of which no secret is told.

        It takes a bounded time.
        """
        ...

    def masking(self, secrets: Sequence[str]) -> Callable[[str], str]:
        """What takes secrets out of a text, in all forms in which programs write them."""
        ...

    def interpreter(self, python: str | None, *, roots: Roots) -> InterpreterFacts:
        """Which Python that is; `None` asks for the tester's own."""
        ...


class SessionFiles(Protocol):
    """The session's own folders: attempts, logs, results."""

    def begin(
        self,
        folder: str,
        *,
        parents_of: Iterable[str],
        made: Iterable[str] = (),
        script: str | None = None,
    ) -> None:
        """Make a fresh attempt folder, the parents of the given output paths, and `made`.

        The folder keeps a copy of the script as it is now, as `script.py`.
        """
        ...

    def text(self, path: str) -> str | None:
        """What a file of text holds, undecodable bytes replaced; `None` when it cannot be read."""
        ...

    def folders_in(self, path: str) -> tuple[str, ...] | None:
        """The names of the folders in a folder, sorted; `None` where it is none."""
        ...

    def result(self, folder: str) -> ScriptResult | None:
        """What the attempt's host wrote last; `None` when it did not come to that."""
        ...

    def cancel(self, folder: str) -> None:
        """Ask whoever runs the attempt, on whichever machine, to end it."""
        ...

    def settled(self, folder: str, *, here: bool) -> bool:
        """Whether an attempt whose tester is gone will not change any more.

        It has its result, or was never started, or the host that watched over it is gone, which
        can be seen only `here`, where it ran.
        """
        ...

    def prune(self, runs: str, *, keep_runs: int, kept: Collection[str]) -> tuple[str, ...]:
        """Delete the attempts of all but the newest runs below a folder, but for those `kept`.

        Attempts are kept by their ids. What cannot be deleted is told, a line each.
        """
        ...

    def claimed_ns(self, folder: str) -> int | None:
        """When the attempt's child was started, on the clock that stamps files."""
        ...

    def log_text(self, path: str, *, last_bytes: int | None = None) -> str:
        """A log's text, undecodable bytes replaced; empty when there is none."""
        ...


class SecretResolver(Protocol):
    """Looks up secrets by name when a script starts."""

    def resolve(self, name: str) -> str | None:
        """The value; `None` when nobody knows it."""
        ...


class ScriptRunner(Protocol):
    """Runs scripts, each in its own process."""

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did."""
        ...

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        ...

    def close(self) -> None:
        """End all attempts and free what the runner holds."""
        ...


class Hosts(Protocol):
    """This machine, and the processes on it."""

    def me(self) -> Holder:
        """This process as the holder of a run."""
        ...

    def alive(self, holder: Holder) -> bool | None:
        """Whether the holder's process lives; `None` when it cannot be seen from here."""
        ...


class Log(Protocol):
    """Where it is told how the program fares; losing it loses no truth."""

    def __call__(self, event: str, /, **values: str | float | None) -> None:
        """One line: what happened, and its values by name."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the application needs of the world, wired by `bootstrap`."""

    store: EventStore
    directory: SessionDirectory
    audit: AuditLog
    feed: ChangeFeed
    snapshots: SnapshotCache
    imports: LogImport
    leases: RunLeases
    catalog: Catalog
    inspector: Inspector
    files: SessionFiles
    secrets: SecretResolver
    hosts: Hosts
    runner: Callable[[int], ScriptRunner]
    """Makes the runner of one run, for so many scripts at once."""
    runner_name: str
    """Its URL, such as `process:`."""
    keep_runs: int
    """Of so many runs all attempt folders are kept."""
    clock: Clock
    new_id: NewId
    log: Log
