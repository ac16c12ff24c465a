"""Where a session that was forked comes from, and which sessions are put away.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three columns; what is there is no fork, and listed."""
    op.add_column("sessions", sa.Column("parent", sa.Text))
    for name in ("forked_at", "archived"):
        op.add_column(
            "sessions", sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))
        )


def downgrade() -> None:
    """There is no way down."""
    raise RuntimeError("history is never taken back: restore a copy of the database")
