"""Stores to try, and small events to put into them."""

import multiprocessing
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil  # noqa: F401 - children that give their rights up can import nothing later

from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.memory import (
    MemoryAuditLog,
    MemoryChangeFeed,
    MemoryEventStore,
    MemoryRunLeases,
    MemorySessionDirectory,
    MemorySnapshotCache,
)
from runthrough.adapters.store.memory_import import MemoryLogImport
from runthrough.adapters.store.memory_tables import MemoryDatabase
from runthrough.adapters.store.memory_tokens import MemoryTokenStore
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.snapshots import SqlSnapshotCache
from runthrough.adapters.store.sql import SqlChangeFeed, SqlEventStore
from runthrough.adapters.store.sql_audit import SqlAuditLog
from runthrough.adapters.store.sql_directory import SqlSessionDirectory
from runthrough.adapters.store.sql_import import SqlLogImport
from runthrough.adapters.store.sql_leases import SqlRunLeases
from runthrough.adapters.store.sql_tokens import SqlTokenStore
from runthrough.application.ports import EventStore
from runthrough.core.events import Event, EventEnvelope
from runthrough.core.values.ids import CommandId, SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.entrypoints.store_suite import Stores
from runthrough.entrypoints.store_suite.writing import (
    AT,
    HOST,
    REQUEST,
    A,
    B,
    said,
    started,
    texts,
)
from runthrough.errors import StoreUnavailableError

__all__ = ["AT", "HOST", "REQUEST", "A", "B", "said", "started", "texts"]  # given on

DEADLINE_S = 60.0
"""For what takes far less: two cores may be busy with other tests."""
NOBODY = 65534
"""The user without rights: root would be allowed everything."""
METADATA = Metadata(
    actor="ann@ws",
    actor_source="setting",
    door="cli",
    host=HOST,
    app_version="0.1.0",
    command_id=CommandId("command-1"),
    recorded_at=AT,
    correlation_id="correlation-1",
)


def memory_stores() -> Stores:
    """A new store in memory."""
    database = MemoryDatabase()
    return Stores(
        MemoryEventStore(database),
        MemorySessionDirectory(database),
        MemoryAuditLog(database),
        MemoryRunLeases(database),
        MemoryChangeFeed(database),
        MemorySnapshotCache(database),
        MemoryLogImport(database),
        MemoryTokenStore(database),
    )


def sql_stores(database: SqlDatabase) -> Stores:
    """The stores over an opened database."""
    return Stores(
        SqlEventStore(database),
        SqlSessionDirectory(database),
        SqlAuditLog(database),
        SqlRunLeases(database),
        SqlChangeFeed(database),
        SqlSnapshotCache(database),
        SqlLogImport(database),
        SqlTokenStore(database),
    )


class Writer:
    """Appends to one store; each append is a new command unless told otherwise."""

    def __init__(self, events: EventStore, prefix: str = "command") -> None:
        self._events = events
        self._prefix = prefix
        self._count = 0

    def append(
        self,
        session_id: SessionId,
        *events: Event,
        at_version: int | None = None,
        request: str = REQUEST,
        **metadata: Any,
    ) -> tuple[EventEnvelope, ...]:
        """Append after what is there, or at the given version."""
        self._count += 1
        if at_version is None:
            at_version = sum(1 for _ in self._events.read(session_id))
        metadata.setdefault("command_id", f"{self._prefix}-{self._count}")
        return self._events.append(
            session_id,
            events=events,
            expected_version=at_version,
            metadata=replace(METADATA, **metadata),
            request_hash=request,
        )


def alter(path: Path, *statements: str) -> None:
    """Change the file behind the program's back, triggers taken off first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS events_no_{verb}")
        for statement in statements:
            connection.execute(statement)


def spawned(target: Any, *arguments: Any) -> BaseProcess:
    """A started child process that runs a function of a module."""
    process = multiprocessing.get_context("spawn").Process(
        target=target, args=arguments, daemon=True
    )
    process.start()
    return process


def finished(process: BaseProcess) -> int | None:
    """Wait for a child and tell its exit code; `None` when it is late."""
    process.join(DEADLINE_S)
    return process.exitcode


def write_sessions(url: str, writer: int, count: int, shared: SessionId) -> None:
    """In a child: append in turn to a session of its own and to one that all share."""
    with open_database(url) as database:
        events = SqlEventStore(database)
        commands = Writer(events, prefix=f"writer-{writer}")
        own = SessionId(f"own-{writer}")
        for number in range(count):
            commands.append(own, said(f"{writer}.{number}"), at_version=number)
            with events.exclusive():
                commands.append(shared, said(f"{writer}.{number}"), said("and"))


def append_when_told(url: str, ready: Any, session_id: SessionId) -> None:
    """In a child: tell that it is about to append, then append."""
    with open_database(url) as database:
        writer = Writer(SqlEventStore(database), prefix="child")
        ready.set()
        writer.append(session_id, said("child"), at_version=0)


def open_together(url: str, barrier: Any, number: int) -> None:
    """In a child: open the database at the same moment as its siblings."""
    barrier.wait(DEADLINE_S)
    with open_database(url) as database:
        writer = Writer(SqlEventStore(database), prefix=f"child-{number}")
        writer.append(SessionId(f"own-{number}"), said("x"))


def open_read_only(url: str) -> None:
    """In a child without privileges: appending must fail with our words."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        with open_database(url) as database:
            Writer(SqlEventStore(database)).append(A, said("x"), at_version=0)
    except StoreUnavailableError as exc:
        if "RUNTHROUGH_DATABASE_URL" in str(exc):
            return
        raise
    raise AssertionError("a file that must not be written was written")
