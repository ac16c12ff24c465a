"""The store beside bare sqlite3: one durable append, and replay of 100,000 events.

Run with `python benchmarks/bench_store.py`; prints rows of a markdown table. Contestants get fresh
files in the same WAL state and take turns, so that the machine's moods meet both.
"""

import gc
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from runthrough.adapters.store import codec
from runthrough.adapters.store.batch import Batch
from runthrough.adapters.store.database import EVENT_ROWS
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.adapters.store.sql_audit import SqlAuditLog
from runthrough.adapters.store.sqlite import SqliteDatabase
from runthrough.core.events import Event, ScriptConfigured
from runthrough.core.values.facts import Evidence
from runthrough.core.values.ids import CommandId, HostId, NodeName, RecordedPath, SessionId
from runthrough.core.values.metadata import Metadata
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.values.store import ZERO_HASH, StoredEvent

ROUNDS = 5
APPENDS = 400
REPLAYED = 100_000
SESSION = SessionId("019a0000-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 22, 12, 44, 5, 123456, tzinfo=UTC)


def event() -> Event:
    """A configuration of usual size: about 420 bytes of payload."""
    path = RecordedPath("workspace:data/train.csv")
    return ScriptConfigured(
        node=NodeName("TabularPreprocessing_training"),
        spec=ScriptSpec(
            input_paths={"data_input": path},
            environ_vars={"LABEL_FIELD": "label"},
            job_args={"job_type": "training"},
            user_notes="the table that the team agreed on",
        ),
        evidence=(
            Evidence(kind="input", name="data_input", source="person", path=path, size_bytes=9),
        ),
    )


def metadata(number: int) -> Metadata:
    """What stands beside the event of one command."""
    return Metadata(
        actor="ann@ann-ws",
        actor_source="setting",
        door="cli",
        host=HostId("019a0000-0000-7000-8000-00000000000a"),
        app_version="0.1.0",
        command_id=CommandId(f"019a0000-0000-7000-8000-{number:012x}"),
        recorded_at=AT,
    )


def row(number: int) -> StoredEvent:
    """The row that an append writes."""
    batch = Batch(
        SESSION,
        events=[event()],
        expected_version=number,
        metadata=metadata(number),
        request_hash=ZERO_HASH,
    )
    return batch.seal(position=number, log_hash=ZERO_HASH, event_hash=ZERO_HASH)[0]


def bare(path: Path) -> sqlite3.Connection:
    """Plain sqlite3 with the same durability and one table of the same columns."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    columns = ", ".join(StoredEvent._fields[1:])
    connection.execute(f"CREATE TABLE events (position INTEGER PRIMARY KEY, {columns})")
    connection.commit()
    return connection


def seconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def append_round(folder: Path) -> tuple[list[float], list[float]]:
    """Appends of both contestants on fresh files, in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    with (
        open_database(f"sqlite:///{folder}/ours.db") as database,
        closing(bare(folder / "bare.db")) as connection,
    ):
        store = SqlEventStore(database)

        def append(number: int) -> None:
            store.append(
                SESSION,
                events=[event()],
                expected_version=number,
                metadata=metadata(number),
                request_hash=ZERO_HASH,
            )

        def insert(stored: StoredEvent) -> None:
            connection.execute(SqliteDatabase.insert_event, stored)
            connection.commit()

        for number in range(APPENDS):
            stored = row(number)
            turns = [
                (ours, lambda number=number: append(number)),
                (theirs, lambda stored=stored: insert(stored)),
            ]
            for times, call in turns if number % 2 else reversed(turns):
                times.append(seconds(call))
    return ours, theirs


def bench_append() -> None:
    """One durable event through the whole path, beside insert and commit."""
    ratios, ours, theirs = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            mine, bare_times = append_round(Path(folder))
        ratios.append(statistics.median(mine) / statistics.median(bare_times))
        ours += mine
        theirs += bare_times
    told(
        "append one durable event",
        statistics.median(ours) * 1e6,
        statistics.median(theirs) * 1e6,
        statistics.median(ratios),
    )


def bench_replay() -> None:
    """Decode a session of 100,000 events, beside fetching its rows; and verify its chain."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ours.db"
        with open_database(url) as database:
            store = SqlEventStore(database)
            fill(store)
            with closing(sqlite3.connect(f"{folder}/ours.db")) as connection:
                fetch = f"{EVENT_ROWS} WHERE session_id = ? ORDER BY version"

                def drain() -> None:
                    for _ in connection.execute(fetch, (SESSION,)):
                        pass

                def replay() -> None:
                    for _ in store.read(SESSION):
                        pass

                compared("replay 100k events, decode only", replay, drain)
                compared("verify 100k events", SqlAuditLog(database).verify, drain)


def fill(store: SqlEventStore) -> None:
    """Write the events to be replayed, many in one transaction."""
    each = 1000
    for start in range(0, REPLAYED, each):
        with store.exclusive():
            for number in range(start, start + each):
                store.append(
                    SESSION,
                    events=[event()],
                    expected_version=number,
                    metadata=metadata(number),
                    request_hash=ZERO_HASH,
                )


def compared(what: str, mine: Callable[[], object], bare_call: Callable[[], object]) -> None:
    """Print the medians of both over all rounds, per event."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        gc.collect()
        theirs.append(seconds(bare_call))
        ours.append(seconds(mine))
    per_event = 1e6 / REPLAYED
    told(
        what,
        statistics.median(ours) * per_event,
        statistics.median(theirs) * per_event,
        statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
    )


def told(what: str, ours_us: float, bare_us: float, ratio: float) -> None:
    """Print one row of the table."""
    print(f"| {what} | {ours_us:.1f} µs | {bare_us:.1f} µs | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    print(f"payload of {len(codec.encode(event()))} bytes\n")
    print("| what, per event | runthrough | bare sqlite3 | ratio |\n| --- | --- | --- | --- |")
    bench_append()
    bench_replay()
