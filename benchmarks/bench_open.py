"""Open a session of a million events and 1,000 nodes, beside one of 10,000 events.

Opening is what each command does first: connect to the database, take the last snapshot, and fold
what came after it, in a process that has done so before. Measured right behind a snapshot, and
with the longest tail that is not worth another one.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from contest import MILLI, OURS, Contestant, Figures, Goal, heading, quick, row, tell, turns
from sample import NODE, SESSION, configurations, fill, payload_bytes
from sessions import beginning, handler_over
from sqlalchemy import delete

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.adapters.store.tables import SNAPSHOTS
from runthrough.application.handler import LONG_TAIL

NODES = 1_000
SHORT = 10_000
LIMIT_MS = 50
COLD = "import sys; sys.path.append({folder!r}); import bench_open; bench_open.opened({url!r})"
"""Opens the session and does nothing else, as a command that was just typed."""


def opened(url: str) -> int:
    """Open the database and the session; the version it has."""
    with open_database(url) as database:
        return handler_over(database).load(SESSION).state.version


def built(folder: Path, count: int, tail: int) -> str:
    """A database with a session of so many events, the last `tail` of them behind a snapshot."""
    url = f"sqlite:///{folder}/{count}-{tail}.db"
    with open_database(url) as database:
        store = SqlEventStore(database)
        begun = fill(store, beginning([f"{NODE}_{number}" for number in range(NODES)]))
        behind = fill(store, configurations(count - begun - tail, NODES), after=begun)
        handler_over(database).load(SESSION)  # keeps a snapshot, because its tail is long
        fill(store, configurations(tail, NODES), after=behind)
    return url


def without_later_snapshots(url: str, version: int) -> None:
    """Take off what opening kept beyond the version, so that each turn finds the same."""
    with open_database(url) as database, database.writing() as connection:
        connection.execute(delete(SNAPSHOTS).where(SNAPSHOTS.c.version > version))


def turn_of(url: str, version: int) -> Contestant:
    """Open that session, whose last snapshot is to be of that version."""

    def prepare(_number: int) -> Callable[[], object]:
        without_later_snapshots(url, version)
        return partial(opened, url)

    return prepare


def cold(url: str) -> None:
    """Open the session in a new process."""
    code = COLD.format(folder=str(Path(__file__).parent), url=url)
    subprocess.run([sys.executable, "-c", code], check=True)


def main() -> None:
    few = quick()
    long = 50_000 if few else 1_000_000
    heading(f"sessions of {NODES:,} nodes, payload of {payload_bytes()} bytes")
    with tempfile.TemporaryDirectory() as folder:
        for tail, where in ((0, "right behind a snapshot"), (LONG_TAIL - 1, "the longest tail")):
            long_url, short_url = (built(Path(folder), count, tail) for count in (long, SHORT))
            contestants = {
                OURS: turn_of(long_url, long - tail),
                (peer := f"one of {SHORT:,} events"): turn_of(short_url, SHORT - tail),
            }
            figures = Figures()
            for turn in range(3 if few else 25):
                figures.add(turns(contestants, [turn], collect=True))
            what = f"open a session of {long:,} events, {where} ({tail} events)"
            row(what, figures, peer, Goal("≤", 2.5), unit=MILLI)
            milliseconds = figures.median(OURS) * 1e3
            told = f"{milliseconds:.1f} ms"
            tell(what, told, f"goal: {LIMIT_MS} ms", milliseconds / LIMIT_MS, Goal("≤", 1))
        figures = Figures()
        contestants = {
            OURS: lambda _: partial(cold, long_url),
            (bare := "bare python"): lambda _: partial(
                subprocess.run, [sys.executable, "-c", "pass"], check=True
            ),
        }
        for turn in range(3 if few else 11):
            figures.add(turns(contestants, [turn]))
        row("the same in a new process, imports included", figures, bare, unit=MILLI)


if __name__ == "__main__":
    main()
