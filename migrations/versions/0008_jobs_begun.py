"""What had begun when a worker was killed, what is held for its record, and how attempts failed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_jobs_begun"
down_revision = "0007_jobs_ended"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
HELD = sa.text("held")
FINISHED = sa.text("finished_at IS NOT NULL")


def upgrade() -> None:
    """Do it; what the version before writes meanwhile has the values that suit it."""
    op.add_column("jobs", sa.Column("killed", sa.Integer(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("unsure", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "jobs", sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("jobs", sa.Column("tries", JSON, nullable=True))
    op.create_index("ix_jobs_held", "jobs", ["order_key"], sqlite_where=HELD, postgresql_where=HELD)
    op.create_index(
        "ix_jobs_finished",
        "jobs",
        ["state", "finished_at"],
        sqlite_where=FINISHED,
        postgresql_where=FINISHED,
    )


def downgrade() -> None:
    """Take it back; what was held is due when its time has come, as before."""
    op.drop_index("ix_jobs_finished", "jobs")
    op.drop_index("ix_jobs_held", "jobs")
    for name in ("tries", "held", "unsure", "killed"):
        op.drop_column("jobs", name)
