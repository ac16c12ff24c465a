"""What the application asks of the world. Adapters satisfy these by shape."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runthrough.application.ports.store import (
    AuditLog,
    ChangeFeed,
    EventStore,
    LogImport,
    RunLeases,
    SessionDirectory,
    SnapshotCache,
    TokenStore,
)
from runthrough.application.ports.world import (
    UNCONFINED,
    Catalog,
    Confinement,
    Hosts,
    Inspector,
    ScriptRunner,
    SecretResolver,
    SessionFiles,
)

__all__ = [
    "UNCONFINED",
    "AuditLog",
    "Catalog",
    "ChangeFeed",
    "Clock",
    "Confinement",
    "EventStore",
    "Hosts",
    "Inspector",
    "Log",
    "LogImport",
    "NewId",
    "Ports",
    "RunLeases",
    "ScriptRunner",
    "SecretResolver",
    "SessionDirectory",
    "SessionFiles",
    "SnapshotCache",
    "TokenStore",
]

Clock = Callable[[], datetime]
"""Now, aware, UTC."""
NewId = Callable[[], str]
"""A new UUIDv7 in lower-case text."""


class Log(Protocol):
    """Where it is told how the program fares; losing it loses no truth."""

    def __call__(self, event: str, /, **values: str | float | None) -> None:
        """One line: what happened, and its values by name; `failed` tells what went wrong."""
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
    tokens: TokenStore
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
    confinement: Confinement = UNCONFINED
    """Which paths the callers may have touched."""
