"""Who is let in at the service: tokens, of whose texts only the hashes are kept.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nobody is let in yet."""
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.Text, primary_key=True),
        sa.Column("text_hash", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("sessions", sa.Text),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text),
        sa.Column("revoked_at", sa.Text),
        sa.Column("parent", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'tester', 'admin')", name="api_tokens_role"),
        sa.CheckConstraint("kind IN ('api', 'browser')", name="api_tokens_kind"),
    )


def downgrade() -> None:
    """There is no way down."""
    raise RuntimeError("history is never taken back: restore a copy of the database")
