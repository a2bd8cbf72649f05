"""Notifications for admins, and who has read them."""

import sqlalchemy as sa
from alembic import op

revision = "0006_notifications"
down_revision = "0005_jobs"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_notifications_workspace_id_id")),
    )
    _index("ix_notifications_open", ["workspace_id", "key"], "resolved_at IS NULL", unique=True)
    _index("ix_notifications_resolved", ["resolved_at"], "resolved_at IS NOT NULL")
    op.create_index(
        op.f("ix_notifications_workspace_id_last_at"), "notifications", ["workspace_id", "last_at"]
    )
    op.create_table(
        "notification_reads",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("notification_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_notification_reads_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "notification_id"],
            ["notifications.workspace_id", "notifications.id"],
            name=op.f("fk_notification_reads_workspace_id_notification_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_reads")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_notification_reads_workspace_id_id")
        ),
    )
    op.create_index(
        op.f("ix_notification_reads_notification_id_user_id"),
        "notification_reads",
        ["notification_id", "user_id"],
        unique=True,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("notification_reads")
    op.drop_table("notifications")


def _index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        "notifications",
        columns,
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )
