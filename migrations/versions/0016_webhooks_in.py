"""Incoming webhooks: addresses, what came in, the events in it; records heard of by a sync."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016_webhooks_in"
down_revision = "0015_webhooks_out"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "webhook_addresses",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("webhook_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("old_hash", sa.String(length=64), nullable=True),
        sa.Column("old_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connections.workspace_id", "connections.id"],
            name=op.f("fk_webhook_addresses_workspace_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_addresses")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_webhook_addresses_token_hash")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "webhook_id",
            name=op.f("uq_webhook_addresses_workspace_id_connection_id_webhook_id"),
        ),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_webhook_addresses_workspace_id_id")
        ),
    )
    op.create_index("ix_webhook_addresses_old_hash", "webhook_addresses", ["old_hash"])
    op.create_table(
        "webhook_received",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=True),
        sa.Column("installation_id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("webhook_id", sa.String(length=64), nullable=False),
        sa.Column("scheme", sa.String(length=40), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_received")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_webhook_received_workspace_id_id")),
    )
    op.create_index("ix_webhook_received_received_at", "webhook_received", ["received_at"])
    op.create_index(
        op.f("ix_webhook_received_workspace_id_connection_id_id"),
        "webhook_received",
        ["workspace_id", "connection_id", "id"],
    )
    op.create_index(
        op.f("ix_webhook_received_workspace_id_result_id"),
        "webhook_received",
        ["workspace_id", "result", "id"],
    )
    op.create_table(
        "webhook_items",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("received_id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "received_id"],
            ["webhook_received.workspace_id", "webhook_received.id"],
            name=op.f("fk_webhook_items_workspace_id_received_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_items")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "key",
            name=op.f("uq_webhook_items_workspace_id_connection_id_key"),
        ),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_webhook_items_workspace_id_id")),
    )
    op.create_index(
        op.f("ix_webhook_items_workspace_id_received_id_position"),
        "webhook_items",
        ["workspace_id", "received_id", "position"],
    )
    op.create_index(
        op.f("ix_webhook_items_workspace_id_state_received_id"),
        "webhook_items",
        ["workspace_id", "state", "received_id"],
    )
    op.create_table(
        "sync_heard",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("far_id", sa.String(length=200), nullable=False),
        sa.Column("stamp", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connections.workspace_id", "connections.id"],
            name=op.f("fk_sync_heard_workspace_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_heard")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "kind",
            "far_id",
            name=op.f("uq_sync_heard_workspace_id_connection_id_kind_far_id"),
        ),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sync_heard_workspace_id_id")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("sync_heard")
    op.drop_table("webhook_items")
    op.drop_table("webhook_received")
    op.drop_table("webhook_addresses")
