"""Verify the chain of hashes of a log, beside `auditchain` and the raw cursor.

`auditchain` holds the same content (actor, type, node, payload) in its SQLite back end, without a
key, so that both compute SHA-256 alone.
"""

import json
import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

from contest import OURS, Contestant, Figures, Goal, heading, quick, row, turns
from peers import SyncAuditLog, auditchain_on_sqlite
from sample import CHUNK, NODE, SESSION, configurations, event, fill, metadata, payload_bytes

from runthrough.adapters.store import codec
from runthrough.adapters.store.database import EVENT_ROWS
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.adapters.store.sql_audit import SqlAuditLog

THEIRS, CURSOR = "auditchain", "raw cursor"


def ours(audit: SqlAuditLog) -> None:
    """Our verification, which must find the log whole."""
    if not audit.verify().ok:
        raise SystemExit("our log does not verify")


def theirs(log: SyncAuditLog) -> None:
    """The peer's verification, which must find the log whole."""
    report = log.verify()
    if not report.ok:
        raise SystemExit(f"the peer's log does not verify: {report}")


def fetched(connection: sqlite3.Connection) -> None:
    """Every row of our log, dropped at once."""
    for _ in connection.execute(f"{EVENT_ROWS} ORDER BY position"):
        pass


def filled(path: Path, count: int) -> SyncAuditLog:
    """The peer's log with the same content."""
    log = auditchain_on_sqlite(path)
    given = metadata("command")
    payload = json.loads(codec.encode(event()))
    for _ in range(count // CHUNK):
        log.append_many([(given.actor, event().type, NODE, payload)] * CHUNK)
    return log


def main() -> None:
    few = quick()
    count = 10_000 if few else 100_000
    heading(f"payload of {payload_bytes()} bytes, one session {SESSION}")
    with (
        tempfile.TemporaryDirectory() as folder,
        open_database(f"sqlite:///{folder}/ours.db") as database,
        closing(sqlite3.connect(f"{folder}/ours.db")) as cursor,
        closing(filled(Path(folder) / "theirs.db", count)) as log,
    ):
        fill(SqlEventStore(database), configurations(count))
        audit = SqlAuditLog(database)
        contestants: dict[str, Contestant] = {
            OURS: lambda _: partial(ours, audit),
            THEIRS: lambda _: partial(theirs, log),
            CURSOR: lambda _: partial(fetched, cursor),
        }
        figures = Figures()
        for turn in range(3 if few else 9):
            figures.add(turns(contestants, [turn], collect=True))
    what = f"verify {count:,} events, per event"
    row(what, figures, THEIRS, Goal("≥", 4), per=count)
    row(what, figures, CURSOR, per=count)


if __name__ == "__main__":
    main()
