"""Replay a long session without a snapshot, beside `eventsourcing` and the raw cursor.

Ours in two rows: decoded into typed events only, and folded into state. `eventsourcing` loads the
aggregate with the same configurations from its SQLite file by its repository: once with events
that are pydantic models of the same types, as its documentation shows it, once with plain values.
The raw cursor fetches our rows, and does nothing with them.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from uuid import UUID

from contest import OURS, Contestant, Figures, Goal, heading, quick, row, tell, turns
from crowd import crowd, meet
from peers import Application, PlainSession, TypedSession, eventsourcing_on_sqlite
from sample import CHUNK, SESSION, configurations, fill, payload_bytes

from runthrough.adapters.store.database import EVENT_ROWS
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.core.state import SessionState
from runthrough.core.views.loaded import Loaded

NODES = 100
FOLDED = "runthrough, folded"
CURSOR = "raw cursor"
TYPED, PLAIN = "eventsourcing, pydantic events", "eventsourcing, plain values"
FLAT = 1.5
"""The same memory at a hundred times the length, but for what pages and caches happen to hold."""


def decoded(store: SqlEventStore) -> None:
    """Every event as a typed object, dropped at once."""
    for _ in store.read(SESSION):
        pass


def folded(store: SqlEventStore) -> None:
    """Every event folded into the session's state."""
    loaded = Loaded(SessionState(SESSION))
    loaded.fold(store.read(SESSION))


def fetched(connection: sqlite3.Connection) -> None:
    """Every row of the session, dropped at once."""
    for _ in connection.execute(f"{EVENT_ROWS} WHERE session_id = ? ORDER BY version", (SESSION,)):
        pass


def filled(application: Application, *, typed: bool, count: int) -> UUID:
    """An aggregate of so many configurations."""
    aggregate = TypedSession() if typed else PlainSession()
    application.save(aggregate)
    for number, event in enumerate(configurations(count, NODES), 1):
        if typed:
            values = {"spec": event.spec, "evidence": event.evidence}
        else:
            values = event.model_dump(mode="json", include={"spec", "evidence"})
        aggregate.trigger_event(type(aggregate).Configured, node=event.node, **values)
        if number % CHUNK == 0:
            application.save(aggregate)
    application.save(aggregate)
    return aggregate.id


def compare(folder: Path, *, count: int, rounds: int) -> None:
    """All contestants over sessions of the same events."""
    with ExitStack() as stack:
        database = stack.enter_context(open_database(f"sqlite:///{folder}/ours.db"))
        store = SqlEventStore(database)
        fill(store, configurations(count, NODES))
        cursor = stack.enter_context(closing(sqlite3.connect(folder / "ours.db")))
        contestants: dict[str, Contestant] = {
            OURS: lambda _: partial(decoded, store),
            FOLDED: lambda _: partial(folded, store),
            CURSOR: lambda _: partial(fetched, cursor),
        }
        for name, typed in ((TYPED, True), (PLAIN, False)):
            path = folder / f"{'typed' if typed else 'plain'}.db"
            application = stack.enter_context(eventsourcing_on_sqlite(path, typed=typed))
            asked = filled(application, typed=typed, count=count)
            contestants[name] = lambda _, a=application, i=asked: partial(a.repository.get, i)
        figures = Figures()
        for turn in range(rounds):
            figures.add(turns(contestants, [turn], collect=True))
    what = f"replay {count:,} events into state, per event"
    row(what, figures, TYPED, Goal("≥", 7), ours=FOLDED, per=count)
    row(what, figures, PLAIN, ours=FOLDED, per=count, faster=True)
    row(what, figures, CURSOR, Goal("≤", 6), ours=FOLDED, per=count)
    what = f"replay {count:,} events, decode only, per event"
    row(what, figures, CURSOR, Goal("≤", 6), per=count)


def peak_mb(url: str, fold: bool) -> float:
    """In a child: replay the session; the peak of its memory."""
    meet()
    with open_database(url) as database:
        (folded if fold else decoded)(SqlEventStore(database))
    return dict(status())["VmHWM"] / 1000


def status() -> Iterator[tuple[str, int]]:
    """Sizes in kB of this process, since it was started."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if value.endswith("kB"):
            yield name, int(value.split()[0])


def memory(folder: Path, *, short: int, long: int) -> None:
    """Peak memory of a process that replays a short session, and a long one."""
    urls = {}
    for count in (short, long):
        urls[count] = f"sqlite:///{folder}/{count}.db"
        with open_database(urls[count]) as database:
            fill(SqlEventStore(database), configurations(count, NODES))
    for fold, what in ((False, "decode only"), (True, "folded into state")):
        (less,), (more,) = (crowd(peak_mb, [(urls[count], fold)]) for count in (short, long))
        tell(
            f"peak memory of replaying {long:,} events, {what}",
            f"{more:.0f} MB",
            f"{short:,} events: {less:.0f} MB",
            more / less,
            Goal("≤", FLAT),
        )


def main() -> None:
    few = quick()
    heading(f"sessions of {NODES} nodes, payload of {payload_bytes()} bytes")
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), count=10_000 if few else 100_000, rounds=3 if few else 7)
        memory(Path(name), short=10_000, long=100_000 if few else 1_000_000)


if __name__ == "__main__":
    main()
