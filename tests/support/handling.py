"""Commands handled against a store, with invented facts instead of files and scripts."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.support.builders import configure, need, node_facts, pipeline, start
from tests.support.stored import AT, METADATA, A
from uuid_utils import uuid7

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.application.handler import CommandHandler
from runthrough.application.ports import EventStore, Log, SnapshotCache
from runthrough.core.commands import ConfigureScript, RenameSession, StartSession
from runthrough.core.events import Event, EventEnvelope
from runthrough.core.state import SessionState
from runthrough.core.values.ids import CommandId, SessionId, Version
from runthrough.core.values.metadata import Metadata
from runthrough.core.views.loaded import Loaded
from runthrough.errors import StoreUnavailableError, VersionConflictError

FACTS = node_facts(need("depth", "job_arg"))
"""Each node of these sessions lacks one argument."""
Fault = Literal["before", "after", "undone", "commit", "read", "answer"]


def started_session(*nodes: str) -> StartSession:
    """Begin a session over these nodes, with no edge between them."""
    return start(pipeline(**dict.fromkeys(nodes)), dict.fromkeys(nodes, FACTS))


def depth(node: str, value: Any, **more: Any) -> ConfigureScript:
    """Answer what a node lacks."""
    return configure(node, FACTS, job_args={"depth": value}, **more)


def asked_by(actor: str = "ann", command_id: str | None = None) -> Metadata:
    """The columns of one more command."""
    return replace(METADATA, actor=actor, command_id=CommandId(command_id or str(uuid7())))


def silent(event: str, /, **values: Any) -> None:
    """Log to nobody."""


class Recorded:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, /, **values: Any) -> None:
        """Keep one line."""
        self.lines.append((event, values))


class NoSnapshots:
    """A cache that never has anything."""

    def latest(self, session_id: SessionId, *, upto: int | None = None) -> None:
        """Nothing."""

    def keep(self, loaded: Loaded) -> None:
        """Forget at once."""

    def drop(self) -> None:
        """There is nothing."""


def handler_over(
    store: EventStore, log: Log = silent, snapshots: SnapshotCache | None = None
) -> CommandHandler:
    """The loop over a store, on a clock that stands still."""
    return CommandHandler(store, snapshots=snapshots or NoSnapshots(), clock=lambda: AT, log=log)


@dataclass
class Seat:
    """One who works on the session; sees what others did only when told."""

    store: EventStore
    actor: str
    loaded: Loaded = field(default_factory=lambda: Loaded(SessionState(A)))
    lines: Recorded = field(default_factory=Recorded)

    @property
    def handler(self) -> CommandHandler:
        """The loop over the store."""
        return handler_over(self.store, self.lines)

    def ask(self, command: Any, command_id: str | None = None) -> list[str]:
        """Handle a command; the types of what it led to."""
        metadata = asked_by(self.actor, command_id)
        return [e.event.type for e in self.handler.handle(self.loaded, command, metadata)]

    def look(self) -> None:
        """Take in what others did."""
        self.handler.refresh(self.loaded)

    def depth(self, node: str) -> Any:
        """What this one believes the node's argument to be."""
        spec = self.loaded.state.nodes[node].spec
        return spec.job_args["depth"] if spec else None


def seated(store: EventStore, *actors: str, nodes: Sequence[str] = ("a", "b")) -> list[Seat]:
    """Actors who all look at a session that has just begun."""
    first, *others = [Seat(store, actor) for actor in actors]
    first.ask(started_session(*nodes))
    for other in others:
        other.look()
    return [first, *others]


class FaultyStore:
    """A store that is lost at given moments, once each.

    `before`: an append fails. `after`: it is committed, and its answer is lost. `undone` and
    `commit`: the same for all that was appended under the lock. `read`, `answer`: so named.
    """

    def __init__(self, store: EventStore, *faults: Fault) -> None:
        self._store = store
        self.faults = list(faults)
        self.lost = False
        """Whether it is gone for good."""

    def append(self, session_id: SessionId, **what: Any) -> tuple[EventEnvelope, ...]:
        """Append, unless it fails now."""
        self._fail("before")
        stored = self._store.append(session_id, **what)
        self._fail("after")
        return stored

    def read(self, session_id: SessionId, **between: Any) -> Iterator[EventEnvelope]:
        """The session's events."""
        self._fail("read")
        return self._store.read(session_id, **between)

    def answer(self, command_id: CommandId, **how: Any) -> tuple[EventEnvelope, ...] | None:
        """The events that the command left."""
        self._fail("answer")
        return self._store.answer(command_id, **how)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the writer lock."""
        with self._store.exclusive():
            yield
            self._fail("undone")
        self._fail("commit")

    def _fail(self, moment: str) -> None:
        if self.lost or (self.faults and self.faults[0] == moment):
            del self.faults[:1]
            raise StoreUnavailableError(f"The database is gone ({moment}).", fix="wait")


def types(store: EventStore) -> list[str]:
    """The types of the session's events, in order."""
    return [envelope.event.type for envelope in store.read(A)]


def last(store: EventStore) -> Event:
    """The session's latest event."""
    return list(store.read(A))[-1].event


def configure_all(store: EventStore, actor: str, nodes: Sequence[str]) -> None:
    """Configure each node in a thread of its own, all having seen the same version."""
    seats = [Seat(store, f"{actor}-{node}") for node in nodes]
    for seat in seats:
        seat.look()
    together = threading.Barrier(len(nodes))
    failed: list[BaseException] = []

    def work(seat: Seat, node: str) -> None:
        try:
            together.wait()
            for value in range(ROUNDS):
                seat.ask(depth(node, value))
        except BaseException as exc:  # noqa: BLE001 - told by the thread that waits
            failed.append(exc)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(seats, nodes, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


ROUNDS = 5
"""How often each thread changes its node: enough to meet the others many times."""


def rename_all(store: EventStore, actor: str, based_on: int) -> list[str]:
    """Rename the session, each in a thread of its own on one base; what became of each."""
    seats = [Seat(store, f"{actor}-{number}") for number in range(RIVALS)]
    for seat in seats:
        seat.look()
    together = threading.Barrier(RIVALS)

    def work(seat: Seat) -> str:
        together.wait()
        try:
            seat.ask(RenameSession(name=seat.actor, based_on=Version(based_on)))
        except VersionConflictError as conflict:
            return conflict.code
        return "done"

    with ThreadPoolExecutor(RIVALS) as pool:
        return list(pool.map(work, seats))


RIVALS = 8
"""How many threads of a process want the same: enough to meet under the lock."""


def rename_in_child(url: str, ready: Any, go: Any, actor: str, based_on: int) -> None:
    """In a child: rename the session as soon as all children are ready."""
    with open_database(url) as database:
        ready.release()
        go.wait()
        rename_all(SqlEventStore(database), actor, based_on)


def configure_in_child(url: str, ready: Any, go: Any, actor: str, nodes: Sequence[str]) -> None:
    """In a child: configure nodes as soon as all children are ready."""
    with open_database(url) as database:
        ready.release()
        go.wait()
        configure_all(SqlEventStore(database), actor, nodes)
