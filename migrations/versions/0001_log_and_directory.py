"""The log with its head, the directory of sessions, roots and run leases.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; `env.py` adds the triggers that keep events as they are."""
    _create_log()
    _create_directory()


def downgrade() -> None:
    """There is no way down."""
    raise RuntimeError("history is never taken back: restore a copy of the database")


def _create_log() -> None:
    op.create_table(
        "events",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("actor_source", sa.Text, nullable=False),
        sa.Column("door", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("app_version", sa.Text, nullable=False),
        sa.Column("command_id", sa.Text, nullable=False),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text),
        sa.Column("causation_id", sa.Text),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("event_hash", sa.Text, nullable=False),
        sa.Column("log_hash", sa.Text, nullable=False),
        sa.UniqueConstraint("session_id", "version", name="events_session_version"),
    )
    op.create_index("events_command", "events", ["command_id"])
    head = op.create_table(
        "log_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("log_hash", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name="log_head_one_row"),
    )
    op.execute(sa.insert(head).values(id=1, position=0, log_hash="0" * 64))


def _create_directory() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("dag_name", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.CheckConstraint("phase IN ('open', 'closed')", name="sessions_phase"),
    )
    op.create_index(
        "sessions_open_name",
        "sessions",
        ["name"],
        unique=True,
        sqlite_where=sa.text("phase = 'open'"),
        postgresql_where=sa.text("phase = 'open'"),
    )
    op.create_table(
        "roots",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
    )
    op.create_table(
        "run_leases",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("taken_at", sa.Text, nullable=False),
        sa.Column("renewed_at", sa.Text, nullable=False),
    )
