"""The tables of the store, as `migrations/` make them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
_POSITION = BigInteger().with_variant(Integer(), "sqlite")
"""On SQLite only a key of type INTEGER is the row's own address."""

EVENTS = Table(
    "events",
    METADATA,
    Column("position", _POSITION, primary_key=True, autoincrement=False),
    Column("session_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("subject", Text),
    Column("actor", Text, nullable=False),
    Column("actor_source", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("app_version", Text, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("correlation_id", Text),
    Column("causation_id", Text),
    Column("recorded_at", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("event_hash", Text, nullable=False),
    Column("log_hash", Text, nullable=False),
    UniqueConstraint("session_id", "version", name="events_session_version"),
    Index("events_command", "command_id"),
)

LOG_HEAD = Table(
    "log_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", _POSITION, nullable=False),
    Column("log_hash", Text, nullable=False),
    CheckConstraint("id = 1", name="log_head_one_row"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("session_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("dag_name", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("parent", Text),
    Column("forked_at", Integer, nullable=False, server_default=text("0")),
    Column("archived", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("phase IN ('open', 'closed')", name="sessions_phase"),
)
# `postgres.py` adds the condition for that back end: saying it here as well would import its
# dialect, 30 ms, into every command on SQLite.
OPEN_NAME = Index(
    "sessions_open_name",
    SESSIONS.c.name,
    unique=True,
    sqlite_where=SESSIONS.c.phase == "open",
)

ROOTS = Table(
    "roots",
    METADATA,
    Column("session_id", Text, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("path", Text, nullable=False),
)

RUN_LEASES = Table(
    "run_leases",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("taken_at", Text, nullable=False),
    Column("renewed_at", Text, nullable=False),
)

SNAPSHOTS = Table(
    "snapshots",
    METADATA,
    Column("session_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("fold_version", Integer, nullable=False),
    Column("event_hash", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("position", _POSITION, primary_key=True, autoincrement=False),
    Column("log_hash", Text, nullable=False),
    Column("taken_at", Text, nullable=False),
    Column("app_version", Text, nullable=False),
    Column("public_key", Text),
    Column("signature", Text),
)

API_TOKENS = Table(
    "api_tokens",
    METADATA,
    Column("token_id", Text, primary_key=True),
    Column("text_hash", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("sessions", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("revoked_at", Text),
    Column("parent", Text),
    Column("kind", Text, nullable=False),
    CheckConstraint("role IN ('viewer', 'tester', 'admin')", name="api_tokens_role"),
    CheckConstraint("kind IN ('api', 'browser')", name="api_tokens_kind"),
)
