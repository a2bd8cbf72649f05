"""The test receiver of webhooks: addresses, and what arrived there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017_receiver"
down_revision = "0016_webhooks_in"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "webhook_receivers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_receivers")),
        sa.UniqueConstraint("token", name=op.f("uq_webhook_receivers_token")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_webhook_receivers_workspace_id_id")
        ),
        sa.UniqueConstraint("workspace_id", name=op.f("uq_webhook_receivers_workspace_id")),
    )
    op.create_table(
        "webhook_caught",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("receiver_id", sa.String(length=40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "receiver_id"],
            ["webhook_receivers.workspace_id", "webhook_receivers.id"],
            name=op.f("fk_webhook_caught_workspace_id_receiver_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_caught")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_webhook_caught_workspace_id_id")),
    )
    op.create_index(
        op.f("ix_webhook_caught_workspace_id_receiver_id_id"),
        "webhook_caught",
        ["workspace_id", "receiver_id", "id"],
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_index(
        op.f("ix_webhook_caught_workspace_id_receiver_id_id"), table_name="webhook_caught"
    )
    op.drop_table("webhook_caught")
    op.drop_table("webhook_receivers")
