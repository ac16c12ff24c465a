"""Child processes that meet at one database: each writes, and tells what was acknowledged."""

import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from tests.support.handling import Seat, depth
from tests.support.stored import (
    DEADLINE_S,
    HOST,
    METADATA,
    NOBODY,
    REQUEST,
    Stores,
    Writer,
    said,
    sql_stores,
    started,
)

import runthrough.adapters.store as store_package
from runthrough.adapters.store.mutex import FileMutex
from runthrough.adapters.store.opening import open_database
from runthrough.core.events import EventEnvelope, SessionClosed
from runthrough.core.values.ids import CommandId, SessionId
from runthrough.core.values.metadata import Holder
from runthrough.errors import StoreUnavailableError

STORE = str(Path(store_package.__file__).parent)


class Acknowledged:
    """Command ids whose answer came back, in a file that outlives the process."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def add(self, command_id: str) -> None:
        """Note one, before anything else is done."""
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, f"{command_id}\n".encode())
        os.close(file)

    def all(self) -> list[str]:
        """What was noted."""
        return self._path.read_text().split() if self._path.exists() else []


# ---- one command on each path of the append


def session_of(prefix: str) -> SessionId:
    """The session that the commands of one child are about."""
    return SessionId(f"session-{prefix}")


def plain(stores: Stores, prefix: str) -> tuple[EventEnvelope, ...]:
    """One event, appended by itself."""
    return _append(stores, prefix, "plain", 2, said(f"{prefix} plain"))


def several(stores: Stores, prefix: str) -> tuple[EventEnvelope, ...]:
    """A session's start and more, which also writes the directory."""
    return _append(stores, prefix, "several", 0, started(prefix), said("and"))


def next_one(stores: Stores, prefix: str) -> tuple[EventEnvelope, ...]:
    """One more by the same writer, to whom PostgreSQL need not tell the place again."""
    return _append(stores, prefix, "next", 3, said(f"{prefix} next"))


def under_the_lock(stores: Stores, prefix: str) -> tuple[EventEnvelope, ...]:
    """Two events, after a look under the writer lock."""
    with stores.events.exclusive():
        seen = sum(1 for _ in stores.events.read(session_of(prefix)))
        return _append(
            stores, prefix, "locked", seen, said(f"{prefix} one"), said(f"{prefix} two")
        )


PATHS: dict[str, Callable[[Stores, str], tuple[EventEnvelope, ...]]] = {
    "several": several,
    "plain": plain,
    "next": next_one,
    "locked": under_the_lock,
}
"""In the order in which they are done."""


def _append(
    stores: Stores, prefix: str, path: str, version: int, *events: Any
) -> tuple[EventEnvelope, ...]:
    return stores.events.append(
        session_of(prefix),
        events=events,
        expected_version=version,
        metadata=replace(METADATA, command_id=CommandId(f"{prefix}-{path}")),
        request_hash=REQUEST,
    )


def append_and_die(url: str, prefix: str, die_at: int, noted: str) -> None:
    """In a child: append on every path, and be killed at the given line of the store's code."""
    acknowledged = Acknowledged(noted)
    with open_database(url) as database:
        stores = sql_stores(database)
        lines = _count_lines(die_at)
        for path, append in PATHS.items():
            append(stores, prefix)
            acknowledged.add(f"{prefix}-{path}")
        sys.settrace(None)
        acknowledged.add(f"lines:{lines()}")


def _count_lines(die_at: int) -> Callable[[], int]:
    """Count the lines that the store's own code runs from now on; die before the given one."""
    seen = 0

    def line(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal seen
        if event == "line":
            seen += 1
            if seen == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame: FrameType, _event: str, _argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(STORE) else None

    sys.settrace(call)
    return lambda: seen


# ---- many at once


def write_every_way(url: str, writer: int, count: int, shared: SessionId, noted: str) -> None:
    """In a child: use every way to write there is, in turn, beside others who do the same."""
    acknowledged = Acknowledged(noted)
    with open_database(url) as database:
        stores = sql_stores(database)
        commands = Writer(stores.events, prefix=f"writer-{writer}")
        for number in range(count):
            own = SessionId(f"own-{writer}-{number}")
            told = [
                commands.append(own, started(f"{writer}.{number}"), at_version=0),
                commands.append(own, said("a"), said("b"), said("c"), at_version=1),
            ]
            with stores.events.exclusive():
                told.append(commands.append(shared, said(f"{writer}.{number}"), said("and")))
            again = told[1][0].metadata.command_id
            told[1] = commands.append(own, said("again"), at_version=9, command_id=again)
            told.append(commands.append(own, SessionClosed(), at_version=4))
            stores.directory.set_roots(own, host=HOST, roots={"workspace": "/w"})
            stores.leases.take(
                f"run-{writer}",
                session_id=own,
                holder=Holder(host=HOST, boot_id="b", pid=1, started_at=1.0),
                at=METADATA.recorded_at,
            )
            for envelopes in told:
                for envelope in envelopes:
                    acknowledged.add(f"{envelope.position}:{envelope.event_hash}")


def configure_for(url: str, node: str, seconds: float, noted: str) -> None:
    """In a child: configure one node again and again by the handler, as long as it is told."""
    acknowledged = Acknowledged(noted)
    until = time.monotonic() + seconds
    with open_database(url) as database:
        seat = Seat(sql_stores(database).events, node)
        seat.look()
        value = 0
        while time.monotonic() < until:
            command_id = f"{node}-{value}"
            seat.ask(depth(node, value), command_id)
            acknowledged.add(command_id)
            value += 1


def open_each(urls: list[str], barriers: list[Any], noted: str) -> None:
    """In a child: open each database at the same moment as the siblings; note own migrations."""
    migrations = Acknowledged(noted)
    handler = _Noting(migrations)
    logger = logging.getLogger("alembic.runtime.migration")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    for number, (url, barrier) in enumerate(zip(urls, barriers, strict=True)):
        handler.round = number
        barrier.wait(DEADLINE_S)
        with open_database(url, migrate=True) as database:
            writer = Writer(sql_stores(database).events, prefix=f"child-{os.getpid()}-{number}")
            writer.append(SessionId(f"own-{os.getpid()}"), said("x"), at_version=0)


class _Noting(logging.Handler):
    """Notes each migration that alembic runs in this process."""

    def __init__(self, migrations: Acknowledged) -> None:
        super().__init__()
        self._migrations = migrations
        self.round = 0

    def emit(self, record: logging.LogRecord) -> None:
        running = re.match(r"Running upgrade .*-> (\w+)", record.getMessage())
        if running:
            self._migrations.add(f"{self.round}:{running[1]}")


def append_through_a_crash(url: str, prefix: str, enough: str, noted: str) -> None:
    """In a child: append command after command until there is the file `enough`.

    A command whose answer is lost is asked for again.
    """
    acknowledged = Acknowledged(noted)
    session_id = session_of(prefix)
    with open_database(url) as database:
        events = sql_stores(database).events
        number = 0
        while not Path(enough).exists():
            command_id = f"{prefix}-{number}"
            _append_surely(events, session_id, number, command_id)
            acknowledged.add(command_id)
            number += 1


def _append_surely(events: Any, session_id: SessionId, version: int, command_id: str) -> None:
    until = time.monotonic() + DEADLINE_S
    while True:
        try:
            events.append(
                session_id,
                events=(said(command_id),),
                expected_version=version,
                metadata=replace(METADATA, command_id=CommandId(command_id)),
                request_hash=REQUEST,
            )
        except StoreUnavailableError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)  # the server is starting
        else:
            return


def hold_turn(file: str, held: str) -> None:
    """In a child: take the turn at a file, say so, and keep it."""
    mutex = FileMutex(Path(file), timeout_s=DEADLINE_S)
    mutex.acquire()
    Path(held).touch()
    signal.pause()
    mutex.release()


def lock_as_nobody(file: str) -> None:
    """In a child without rights: take a turn."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    mutex = FileMutex(Path(file), timeout_s=DEADLINE_S)
    mutex.acquire()
    mutex.release()
