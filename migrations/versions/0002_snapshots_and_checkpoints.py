"""Snapshots of folded sessions, and the checkpoints that were taken of the log.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the two tables; neither is history."""
    op.create_table(
        "snapshots",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fold_version", sa.Integer, nullable=False),
        sa.Column("event_hash", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=False),
        sa.Column("log_hash", sa.Text, nullable=False),
        sa.Column("taken_at", sa.Text, nullable=False),
        sa.Column("app_version", sa.Text, nullable=False),
        sa.Column("public_key", sa.Text),
        sa.Column("signature", sa.Text),
    )


def downgrade() -> None:
    """There is no way down."""
    raise RuntimeError("history is never taken back: restore a copy of the database")
