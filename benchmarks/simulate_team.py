"""How many people one log bears, on one SQLite file and on one PostgreSQL database.

First its saturation: writers that configure a node again and again through the application's
loop, without a pause, each in a session of its own. Then
people: so many that they offer 25, 50 and 75 % of what eight writers reached. Each configures a
node every 20 s, and every ten minutes starts a run that records two commits a script; they come
through eight processes, and think by dice that are seeded. Their latency counts from the moment
at which a person acted, so waiting behind others is in it. Prints the tables of
`docs/explanation/scale.md`.
"""

import os
import platform
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from contest import quick
from crowd import crowd, meet, percentile
from peers import no_postgres, postgres_server
from sessions import Writer, begin, handler_over

from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore

CONFIGURES_EVERY_S = 20.0
RUNS_EVERY_S = 600.0
SCRIPTS = 10
SCRIPT_S = 5.0
"""How long a script of a run takes, on average."""
COMMITS_A_RUN = 2 + 2 * SCRIPTS
"""Its begin and its end, and as much for each script."""
COMMITS_A_SECOND = 1 / CONFIGURES_EVERY_S + COMMITS_A_RUN / RUNS_EVERY_S
"""Of one person."""
SETTLED_S = 150.0
"""So long people have been at it when the clock starts: longer than nearly every run."""
DOORS = 8
WRITERS = (1, 2, 4, 8, 16)
SHARES = (0.25, 0.5, 0.75)
LOGS = (1, 2, 4)
TEAM = 4
"""People who share one session."""

NewLog = Callable[[], str]
"""Makes an empty log and gives its URL."""


class Pace(NamedTuple):
    """What a crowd reached."""

    per_s: float
    p50_s: float
    p99_s: float


# ---- saturation


def write_on(url: str, writer: int, seconds: float) -> list[float]:
    """In a child: append without a pause to a session of its own; what each append took."""
    with open_database(url) as database:
        session_id = begin(SqlEventStore(database), f"session-{writer}")
        session = Writer(handler_over(database), session_id)
        taken: list[float] = []
        session.write(f"first-{writer}")  # loads what the first decision needs
        meet()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            asked = time.perf_counter()
            session.write(f"command-{writer}-{len(taken)}")
            taken.append(time.perf_counter() - asked)
        return taken


def saturated(urls: list[str], writers: int, seconds: float) -> Pace:
    """So many writers, spread over the logs."""
    each = [(urls[writer % len(urls)], writer, seconds) for writer in range(writers)]
    taken = [took for one in crowd(write_on, each) for took in one]
    return Pace(len(taken) / seconds, percentile(taken, 0.5), percentile(taken, 0.99))


# ---- people


def moments(dice: random.Random, until_s: float) -> Iterator[float]:
    """When one person's commits are due, from the start of the clock on."""
    at = -SETTLED_S
    while (at := at + dice.expovariate(1 / CONFIGURES_EVERY_S)) < until_s:
        yield at
    at = -SETTLED_S
    while (at := at + dice.expovariate(1 / RUNS_EVERY_S)) < until_s:
        yield from run(dice, at)


def run(dice: random.Random, at: float) -> Iterator[float]:
    """When the commits of a run are due that begins at that time."""
    yield at
    for _ in range(SCRIPTS):
        yield at
        at += dice.expovariate(1 / SCRIPT_S)
        yield at
    yield at


def serve(url: str, door: int, people: int, seconds: float) -> list[float]:
    """In a child: commit for its people when they act; how long each of them waited."""
    due = sorted(
        (at, person)
        for person in range(door, people, DOORS)
        for at in moments(random.Random(person), seconds)
        if 0 <= at < seconds
    )
    with open_database(url) as database:
        teams = opened(database, door, {team_of(person) for _, person in due})
        for team, session in teams.items():
            session.write(f"first-{door}-{team}")
        waited = []
        meet()
        began = time.monotonic()
        for number, (at, person) in enumerate(due):
            time.sleep(max(began + at - time.monotonic(), 0))
            teams[team_of(person)].write(f"command-{door}-{number}")
            waited.append(time.monotonic() - began - at)
        return waited


def team_of(person: int) -> int:
    """Who shares a session; they come through one door, as to one server."""
    return person // (TEAM * DOORS)


def opened(database: SqlDatabase, door: int, teams: set[int]) -> dict[int, Writer]:
    """The sessions of so many teams, begun in one commit."""
    store, handler = SqlEventStore(database), handler_over(database)
    with store.exclusive():
        ids = {team: begin(store, f"session-{door}-{team}") for team in sorted(teams)}
    return {team: Writer(handler, session_id) for team, session_id in ids.items()}


def offered(url: str, people: int, seconds: float) -> Pace:
    """So many people through all doors."""
    each = [(url, door, people, seconds) for door in range(DOORS)]
    waited = [wait for one in crowd(serve, each) for wait in one]
    return Pace(len(waited) / seconds, percentile(waited, 0.5), percentile(waited, 0.99))


# ---- tables


def measured(name: str, new_log: NewLog, *, seconds: float) -> None:
    """Print the tables of one back end."""
    head("writers | logs | commits/s | p50 | p99", name)
    bears = 0.0
    for writers in WRITERS:
        pace = saturated([new_log()], writers, seconds)
        bears = pace.per_s if writers == DOORS else bears
        told(f"{writers} | 1", pace)
    for logs in LOGS[1:]:
        told(f"{DOORS} | {logs}", saturated([new_log() for _ in range(logs)], DOORS, seconds))
    head(f"share of {DOORS} writers | people | commits/s | p50 | p99", f"{name}, people")
    for share in SHARES:
        people = round(share * bears / COMMITS_A_SECOND)
        told(f"{share * 100:.0f} % | {people:,}", offered(new_log(), people, 2 * seconds))


def head(columns: str, title: str) -> None:
    """Print the head of a table."""
    print(f"\n{title}:\n\n| {columns} |\n|{' --- |' * len(columns.split(' | '))}", flush=True)


def told(what: str, pace: Pace) -> None:
    """Print one row."""
    print(
        f"| {what} | {pace.per_s:,.0f} | {pace.p50_s * 1e3:.1f} ms | {pace.p99_s * 1e3:.1f} ms |",
        flush=True,
    )


def files(folder: Path) -> NewLog:
    """Makes SQLite files in the folder."""
    made: list[str] = []

    def new() -> str:
        made.append(f"sqlite:///{folder}/{len(made)}.db")
        open_database(made[-1]).close()
        return made[-1]

    return new


def main() -> None:
    seconds = 1.0 if quick() else 4.0
    print(
        f"{os.cpu_count()} cores, CPython {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}; a person commits "
        f"{COMMITS_A_SECOND:.3f} times a second"
    )
    with tempfile.TemporaryDirectory() as folder:
        measured("SQLite", files(Path(folder)), seconds=seconds)
    why = no_postgres()
    if why:
        print(f"\nPostgreSQL was not measured: {why}")
        return
    with postgres_server() as postgres:
        version = postgres.run("SHOW server_version")[0][0]
        measured(f"PostgreSQL {version}", postgres.migrated, seconds=seconds)


if __name__ == "__main__":
    main()
