"""Callers that stand in one queue in a known order, and what each of them got."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from tests.support.crowd import Acknowledged
from tests.support.scripts import until
from tests.support.stored import DEADLINE_S, METADATA, said

from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.grouping import SharedCommits
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.postgres import PostgresDatabase
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.adapters.store.sqlite import SqliteDatabase
from runthrough.application.ports import EventStore
from runthrough.core.events import Event, EventEnvelope
from runthrough.core.values.ids import CommandId, SessionId
from runthrough.entrypoints.store_suite import Stores
from runthrough.errors import RunthroughError


class Queue:
    """Calls on threads of their own, each of which stands in the queue before the next begins."""

    def __init__(self, shared: SharedCommits) -> None:
        self._shared = shared
        self._threads: list[threading.Thread] = []
        self._answers: dict[int, Any] = {}

    def stand(self, *calls: Callable[[], Any]) -> None:
        """Begin each call as soon as the one before it stands in the queue."""
        for call in calls:
            self.begin(call)
            self.has(len(self._threads))

    def begin(self, call: Callable[[], Any]) -> None:
        """Begin a call, which comes when it comes."""
        number = len(self._threads)

        def run() -> None:
            try:
                self._answers[number] = call()
            except BaseException as error:  # noqa: BLE001 - it is the answer
                self._answers[number] = error

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def has(self, count: int) -> None:
        """Wait until so many stand in the queue."""
        until(lambda: len(self._shared._waiting) == count, f"{count} stand in the queue")

    def answers(self) -> list[Any]:
        """What each call gave or raised, in the order in which they were begun."""
        for thread in self._threads:
            thread.join(DEADLINE_S)
        return [self._answers.get(number, "no answer") for number in range(len(self._threads))]


class Watched(SqlDatabase):
    """Counts what is committed together; `before` and `behind` a commit something may happen."""

    def __init__(self, *arguments: Any, **how: Any) -> None:
        super().__init__(*arguments, **how)
        self.groups: list[int] = []
        """How many were tried in each transaction, in turn."""
        self.before: Callable[[], None] = lambda: None
        self.behind: Callable[[], None] = lambda: None

    def _append_all(self, group: Any) -> None:
        self.groups.append(len(group))
        super()._append_all(group)

    def _end(self, rows: Any) -> None:
        self.before()
        super()._end(rows)
        self.behind()


class WatchedSqlite(Watched, SqliteDatabase):
    """A file that is watched."""


class WatchedPostgres(Watched, PostgresDatabase):
    """A database on a server that is watched."""


def open_watched(url: str, **how: Any) -> Any:
    """Open a database so that its groups are counted."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return WatchedSqlite.open(Path(str(parsed.database)), **how)
    return WatchedPostgres.open(parsed, **how)


@contextmanager
def queued(database: SqlDatabase) -> Iterator[Queue]:
    """A queue that nobody leaves before the block ends; then all are committed at once."""
    queue = Queue(database._shared)
    with SqlEventStore(database).exclusive():
        yield queue
    queue.answers()


# ---- what is asked for, to be tried together or one by one


@dataclass(frozen=True)
class Wish:
    """One append."""

    session_id: SessionId
    version: int
    command_id: str
    request: str
    events: tuple[Event, ...]

    def ask(self, events: EventStore) -> tuple[EventEnvelope, ...] | str:
        """The answer, or the code and words of the refusal."""
        try:
            return events.append(
                self.session_id,
                events=self.events,
                expected_version=self.version,
                metadata=replace(METADATA, command_id=CommandId(self.command_id)),
                request_hash=self.request,
            )
        except RunthroughError as error:
            return f"{error.code}: {error.message}"


class Wishes:
    """Draws appends to a few sessions, right ones and wrong ones."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._made = 0

    def draw(self, versions: dict[SessionId, int], count: int) -> list[Wish]:
        """So many; `versions` is where each session stands, if nobody else asks."""
        ahead, drawn = dict(versions), []
        for _ in range(count):
            session_id = self._dice.choice(list(versions))
            new = self._dice.random() < 0.8 or not self._made
            self._made += new
            number = self._made if new else self._dice.randint(1, self._made)
            off = self._dice.choice((0, 0, 0, 0, -1, 1))
            events = tuple(said(f"{number}") for _ in range(self._dice.randint(1, 3)))
            wish = Wish(
                session_id,
                max(0, ahead[session_id] + off),
                f"command-{number}",
                self._dice.choice(("1", "1", "1", "2")) * 64,
                events,
            )
            drawn.append(wish)
            if new and off == 0:
                ahead[session_id] += len(events)
        return drawn


# ---- children with many callers


def append_from_threads(url: str, name: str, callers: int, enough: str, noted: str) -> None:
    """In a child: each of so many threads appends to a session of its own until there is `enough`.

    It notes each command as soon as it is acknowledged.
    """
    acknowledged = Acknowledged(noted)
    with open_database(url) as database:
        events = SqlEventStore(database)

        def work(caller: int) -> None:
            session_id, version = SessionId(f"{name}-{caller}"), 0
            while not Path(enough).exists():
                wish = Wish(session_id, version, f"{session_id}-{version}", "1" * 64, (said("x"),))
                answer = wish.ask(events)
                assert isinstance(answer, tuple), answer
                version += 1
                acknowledged.add(wish.command_id)

        threads = [threading.Thread(target=work, args=(caller,)) for caller in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def told(stores: Stores, sessions: Sequence[SessionId]) -> list[Any]:
    """All that a log says of its events, hashes included."""
    return [[*stores.feed.read()], [[*stores.events.read(each)] for each in sessions]]
