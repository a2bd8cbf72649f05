"""Syncing with another CRM: what was chosen, how far it is, links and marks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012_syncing"
down_revision = "0011_payments"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "sync_settings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("conflicts", sa.String(length=8), nullable=False),
        sa.Column("deletes", sa.String(length=8), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("archive_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connections.workspace_id", "connections.id"],
            name=op.f("fk_sync_settings_workspace_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_settings")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            name=op.f("uq_sync_settings_workspace_id_connection_id"),
        ),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sync_settings_workspace_id_id")),
    )
    op.create_index(op.f("ix_sync_settings_next_at"), "sync_settings", ["next_at"])
    op.create_table(
        "sync_cursors",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("scanned", sa.String(length=40), nullable=False),
        sa.Column("first_done", sa.Boolean(), nullable=False),
        sa.Column("came_in", sa.BigInteger(), nullable=False),
        sa.Column("went_out", sa.BigInteger(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connections.workspace_id", "connections.id"],
            name=op.f("fk_sync_cursors_workspace_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_cursors")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sync_cursors_workspace_id_id")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "kind",
            name=op.f("uq_sync_cursors_workspace_id_connection_id_kind"),
        ),
    )
    op.create_table(
        "sync_links",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("record_id", sa.String(length=40), nullable=True),
        sa.Column("far_id", sa.String(length=200), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("base", JSON, nullable=False),
        sa.Column("far_at", INSTANT, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_side", sa.String(length=3), nullable=True),
        sa.Column("conflict", JSON, nullable=True),
        sa.Column("linked_at", INSTANT, nullable=False),
        sa.Column("synced_at", INSTANT, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connections.workspace_id", "connections.id"],
            name=op.f("fk_sync_links_workspace_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_links")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "kind",
            "far_id",
            name=op.f("uq_sync_links_workspace_id_connection_id_kind_far_id"),
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "kind",
            "record_id",
            name=op.f("uq_sync_links_workspace_id_connection_id_kind_record_id"),
        ),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sync_links_workspace_id_id")),
    )
    op.create_index(
        op.f("ix_sync_links_workspace_id_connection_id_state"),
        "sync_links",
        ["workspace_id", "connection_id", "state"],
    )
    op.create_index(
        op.f("ix_sync_links_workspace_id_record_id"), "sync_links", ["workspace_id", "record_id"]
    )
    op.create_table(
        "sync_dirty",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("record_id", sa.String(length=40), nullable=False),
        sa.Column("stamp", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connections.workspace_id", "connections.id"],
            name=op.f("fk_sync_dirty_workspace_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_dirty")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "kind",
            "record_id",
            name=op.f("uq_sync_dirty_workspace_id_connection_id_kind_record_id"),
        ),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sync_dirty_workspace_id_id")),
    )
    op.create_index(op.f("ix_sync_dirty_due_at"), "sync_dirty", ["due_at"])
    op.create_index(
        op.f("ix_sync_dirty_workspace_id_connection_id_kind_due_at"),
        "sync_dirty",
        ["workspace_id", "connection_id", "kind", "due_at"],
    )


def downgrade() -> None:
    """Take it back."""
    for name in ("sync_dirty", "sync_links", "sync_cursors", "sync_settings"):
        op.drop_table(name)
