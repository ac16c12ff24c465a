"""The stores that ours is measured beside, each in its own usual way."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import make_url

from runthrough.core.values.facts import Evidence
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.values.store import StoredEvent

try:
    import psycopg
    from auditchain import SqliteBackend, SyncAuditLog
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, CanInitAggregate, CanMutateAggregate
    from eventsourcing.persistence import Mapper
    from eventsourcing.persistence import StoredEvent as TheirEvent
    from eventsourcing.utils import get_topic, resolve_topic
except ModuleNotFoundError as error:
    raise SystemExit(f"A peer is missing: {error}; `make bench` installs them all.") from error

sys.path.append(str(Path(__file__).parents[1]))  # the tests know how to get a PostgreSQL server
from tests.support import servers

COLUMNS = ", ".join(StoredEvent._fields)
INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * len(StoredEvent._fields))})"
_INTEGERS = {"position", "version", "schema_version"}
_OUR_INDEXES = (
    "CREATE UNIQUE INDEX events_session_version ON events (session_id, version)",
    "CREATE INDEX events_command ON events (command_id)",
    "CREATE TABLE log_head (id INTEGER PRIMARY KEY, position INTEGER, log_hash TEXT)",
    "INSERT INTO log_head VALUES (1, 0, '')",
)


# ---- bare drivers


def plain_sqlite(path: Path, *, indexed: bool = False) -> sqlite3.Connection:
    """Bare `sqlite3`, durable as ours, and one table of the same columns.

    Its only index is the key `position`; with `indexed`, the two others of ours, and the row of
    the log's head.
    """
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        f"CREATE TABLE events (position INTEGER PRIMARY KEY, {COLUMNS.partition(', ')[2]})"
    )
    for statement in _OUR_INDEXES if indexed else ():
        connection.execute(statement)
    connection.commit()
    return connection


def grow_wal(path: Path, size_bytes: int) -> None:
    """Give the database a write-ahead log of that size, which is written anew from its begin.

    So is every log that has met a checkpoint: its file no longer grows at each commit.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE filler (content)")
        connection.execute("INSERT INTO filler VALUES (zeroblob(?))", (size_bytes,))
        connection.execute("COMMIT")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    if busy:
        raise SystemExit(f"the write-ahead log of {path} could not be started anew")


def plain_psycopg(url: str) -> psycopg.Connection:
    """Bare psycopg in autocommit, and one table of the same columns with its key."""
    connection = psycopg.connect(servers.connectable(url), autocommit=True)
    columns = ", ".join(
        f"{name} {'bigint' if name in _INTEGERS else 'text'}" for name in StoredEvent._fields
    )
    connection.execute(f"CREATE TABLE events ({columns}, PRIMARY KEY (position))")
    return connection


@contextmanager
def postgres_server() -> Iterator[servers.Postgres]:
    """A PostgreSQL server: the one that `RUNTHROUGH_TEST_POSTGRES_URL` names, else the wheel's."""
    named = os.environ.get(servers.NAMED)
    if named:
        postgres = servers.Postgres(make_url(named).set(drivername="postgresql"))
        try:
            yield postgres
        finally:
            postgres.drop_all()
        return
    with servers.own_server() as wheel:
        yield servers.Postgres(wheel.admin)


def no_postgres() -> str | None:
    """Why there is no PostgreSQL here; `None` where there is."""
    return None if os.environ.get(servers.NAMED) else servers.why_missing()


# ---- eventsourcing


class PlainSession(Aggregate):
    """A session whose events hold plain values, as its JSON transcoder gives them back."""

    def __init__(self) -> None:
        self.nodes: dict[str, object] = {}

    class Configured(Aggregate.Event):
        """The same configuration as in our event."""

        node: str
        spec: dict[str, Any]
        evidence: list[Any]
        adjusted: bool = False

        def apply(self, aggregate: "PlainSession") -> None:
            """Fold it."""
            aggregate.nodes[self.node] = (self.spec, self.evidence)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    originator_id: UUID
    originator_version: int
    timestamp: datetime


class TypedSession(Aggregate):
    """A session whose events are pydantic models, as in its documentation ("Aggregate 8")."""

    class Event(_Model, CanMutateAggregate):
        """Any of them."""

    class Created(Event, CanInitAggregate):
        """The first."""

        originator_topic: str

    def __init__(self) -> None:
        self.nodes: dict[str, object] = {}

    class Configured(Event):
        """The same configuration as in our event, with the same types of values."""

        node: str
        spec: ScriptSpec
        evidence: tuple[Evidence, ...]

        def apply(self, aggregate: "TypedSession") -> None:
            """Fold it."""
            aggregate.nodes[self.node] = (self.spec, self.evidence)


class _ModelMapper(Mapper):
    """Its documentation's mapper between pydantic models and stored events."""

    def to_stored_event(self, domain_event: Any) -> TheirEvent:
        state = cast("BaseModel", domain_event).model_dump(mode="json")
        return TheirEvent(
            originator_id=UUID(state.pop("originator_id")),
            originator_version=state.pop("originator_version"),
            topic=get_topic(type(domain_event)),
            state=self.transcoder.encode(state),
        )

    def to_domain_event(self, stored_event: TheirEvent) -> Any:
        state = self.transcoder.decode(stored_event.state)
        state["originator_id"] = stored_event.originator_id
        state["originator_version"] = stored_event.originator_version
        return resolve_topic(stored_event.topic)(**state)


class _TypedApplication(Application):
    def construct_mapper(self) -> Mapper:
        return self.factory.mapper(
            transcoder=self.construct_transcoder(), mapper_class=_ModelMapper
        )


def eventsourcing_on_sqlite(
    path: Path, *, typed: bool = False, snapshots: bool = False
) -> Application:
    """`eventsourcing` on a SQLite file: it sets WAL, and leaves `synchronous` at FULL."""
    made = _TypedApplication if typed else Application
    return made(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(path),
            "IS_SNAPSHOTTING_ENABLED": "yes" if snapshots else "no",
        }
    )


def eventsourcing_on_postgres(url: str, *, functions: bool = False) -> Application:
    """`eventsourcing` on PostgreSQL, by default or with its own functions in the database."""
    parsed = make_url(url)
    host = str(parsed.query.get("host") or parsed.host)
    return Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parsed.database),
            "POSTGRES_HOST": host,
            "POSTGRES_PORT": str(parsed.port or 5432),
            "POSTGRES_USER": str(parsed.username),
            "POSTGRES_PASSWORD": str(parsed.password or "none"),
            "POSTGRES_ENABLE_DB_FUNCTIONS": "yes" if functions else "no",
        }
    )


# ---- auditchain


def auditchain_on_sqlite(path: Path) -> SyncAuditLog:
    """`auditchain` on a SQLite file, without a key: it computes SHA-256 alone, as we do."""
    return SyncAuditLog(SqliteBackend(path))
