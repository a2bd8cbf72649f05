"""An index of the jobs that have ended, by whom they were done for."""

import sqlalchemy as sa
from alembic import op

revision = "0007_jobs_ended"
down_revision = "0006_notifications"
branch_labels = None
depends_on = None

ENDED = sa.text("state IN ('done', 'dead', 'cancelled')")


def upgrade() -> None:
    """Do it."""
    op.create_index(
        "ix_jobs_ended",
        "jobs",
        ["workspace_id", "state", "target", "id"],
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_jobs_ended", "jobs")
