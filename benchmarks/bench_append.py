"""Append one durable event, beside bare drivers and `eventsourcing`, on SQLite and PostgreSQL.

Timed is the way from an event in memory to the acknowledged commit: `SqlEventStore.append` with
encoding and hashing, `Application.save` of the peer with its transcoding, and insert and commit
of a row that is ready. Making the event object is left out on all sides.
"""

import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from contest import OURS, Contestant, Figures, Goal, heading, missing, quick, row, turns
from peers import (
    INSERT,
    Application,
    PlainSession,
    eventsourcing_on_postgres,
    eventsourcing_on_sqlite,
    grow_wal,
    no_postgres,
    plain_psycopg,
    plain_sqlite,
    postgres_server,
    psycopg,
)
from sample import NODE, SESSION, command_id, event, metadata, payload_bytes
from sample import row as stored_row

from runthrough.adapters.store import codec
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.core.values.store import ZERO_HASH, StoredEvent

APPENDS = 160
"""Some 4.6 pages each: fewer than the 1,000 after which SQLite writes a checkpoint, so that no
contestant meets one and goes on with another kind of file."""
WARM_UP = 10
GROWN_BYTES = 8_000_000
"""Twice what the write-ahead log has grown to when SQLite's first checkpoint is due."""
TABLE, INDEXED = "sqlite3, plain table", "sqlite3, with our indexes and head"
THEIRS, FUNCTIONS = "eventsourcing", "eventsourcing with its database functions"
PSYCOPG = "psycopg, plain table"
MOVE_HEAD = "UPDATE log_head SET position = ?, log_hash = ?"


def ours(store: SqlEventStore) -> Contestant:
    """Our append."""
    return lambda number: partial(
        store.append,
        SESSION,
        events=[event()],
        expected_version=number,
        metadata=metadata(command_id(number)),
        request_hash=ZERO_HASH,
    )


def theirs(application: Application) -> Contestant:
    """Save an aggregate with one pending event, whose state is our payload."""
    aggregate = PlainSession()
    application.save(aggregate)
    payload = json.loads(codec.encode(event()))

    def prepare(_number: int) -> Callable[[], object]:
        aggregate.trigger_event(PlainSession.Configured, node=NODE, **payload)
        return partial(application.save, aggregate)

    return prepare


def table(path: Path, stack: ExitStack, *, indexed: bool = False) -> Contestant:
    """Insert a ready row and commit; with `indexed`, move the head as well."""
    connection = stack.enter_context(closing(plain_sqlite(path, indexed=indexed)))

    def insert(stored: StoredEvent) -> None:
        connection.execute(INSERT, stored)
        if indexed:
            connection.execute(MOVE_HEAD, (stored.position, stored.log_hash))
        connection.commit()

    return lambda number: partial(insert, stored_row(number))


def on_sqlite(figures: Figures, *, grown: bool) -> None:
    """One round on fresh files."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        database = stack.enter_context(open_database(f"sqlite:///{folder}/ours.db"))
        application = stack.enter_context(eventsourcing_on_sqlite(folder / "theirs.db"))
        contestants = {
            OURS: ours(SqlEventStore(database)),
            TABLE: table(folder / "table.db", stack),
            INDEXED: table(folder / "indexed.db", stack, indexed=True),
            THEIRS: theirs(application),
        }
        for path in folder.glob("*.db") if grown else ():
            grow_wal(path, GROWN_BYTES)
        taken = turns(contestants, range(APPENDS))
        figures.add({name: seconds[WARM_UP:] for name, seconds in taken.items()})


def on_postgres(figures: Figures, postgres, *, appends: int) -> None:
    """One round on new databases of one server."""
    with ExitStack() as stack:
        database = stack.enter_context(open_database(postgres.migrated()))
        connection = stack.enter_context(closing(plain_psycopg(postgres.new_database())))
        contestants = {
            OURS: ours(SqlEventStore(database)),
            PSYCOPG: inserted(connection),
            **{
                name: theirs(
                    stack.enter_context(
                        eventsourcing_on_postgres(postgres.new_database(), functions=functions)
                    )
                )
                for name, functions in ((THEIRS, False), (FUNCTIONS, True))
            },
        }
        taken = turns(contestants, range(appends))
        figures.add({name: seconds[WARM_UP:] for name, seconds in taken.items()})


def inserted(connection: psycopg.Connection) -> Contestant:
    """Insert a ready row in autocommit: one round trip, the least that is durable."""
    statement = INSERT.replace("?", "%s")
    return lambda number: partial(connection.execute, statement, stored_row(number))


def main() -> None:
    few = quick()
    heading(f"one durable event, payload of {payload_bytes()} bytes")
    for state, goal in (("fresh", Goal("≤", 1.55)), ("grown", Goal("≤", 1.8))):
        figures = Figures()
        for _ in range(2 if few else 15):
            on_sqlite(figures, grown=state == "grown")
        what = f"append on SQLite, {state} WAL"
        row(what, figures, TABLE, goal)
        row(what, figures, INDEXED)
        row(what, figures, THEIRS, Goal("≤", 1.0))
    why = no_postgres()
    if why:
        missing("append on PostgreSQL", why)
        return
    figures = Figures()
    with postgres_server() as postgres:
        for _ in range(1 if few else 7):
            on_postgres(figures, postgres, appends=100 if few else 400)
    row("append on PostgreSQL", figures, THEIRS, Goal("≤", 0.67))
    row("append on PostgreSQL", figures, FUNCTIONS)
    row("append on PostgreSQL", figures, PSYCOPG)


if __name__ == "__main__":
    main()
