"""Sync: which records belong together, and owners; payments: what was paid and given back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019_links"
down_revision = "0018_attachments"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_DUE = ["workspace_id", "connection_id", "kind", "ties_due"]
_LINKS = ("ties", "ties_due", "ties_side")


def upgrade() -> None:
    """Do it; what was linked before is looked at at the next sync."""
    # Workers of the version before store rows without these meanwhile: hence the defaults.
    op.add_column(
        "sync_settings", sa.Column("unknown_owners", JSON, server_default="{}", nullable=False)
    )
    op.add_column("sync_links", sa.Column("ties", JSON, server_default="{}", nullable=False))
    op.add_column("sync_links", sa.Column("ties_due", INSTANT, nullable=True))
    op.add_column("sync_links", sa.Column("ties_side", sa.String(length=6), nullable=True))
    op.execute("UPDATE sync_links SET ties_due = linked_at")
    op.create_index(op.f(f"ix_sync_links_{'_'.join(_DUE)}"), "sync_links", _DUE)
    op.create_table(
        "sync_awaited",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("other_id", sa.String(length=200), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "link_id"],
            ["sync_links.workspace_id", "sync_links.id"],
            name=op.f("fk_sync_awaited_workspace_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_awaited")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sync_awaited_workspace_id_id")),
        sa.UniqueConstraint(
            "workspace_id",
            "link_id",
            "kind",
            name=op.f("uq_sync_awaited_workspace_id_link_id_kind"),
        ),
    )
    op.create_index(
        op.f("ix_sync_awaited_workspace_id_kind_other_id"),
        "sync_awaited",
        ["workspace_id", "kind", "other_id"],
    )
    for column in (
        sa.Column("paid_minor", sa.BigInteger(), nullable=True),
        sa.Column("paid_currency", sa.String(length=3), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("payments", column)


def downgrade() -> None:
    """Take it back; the version before does not know what was paid otherwise."""
    op.execute("UPDATE payments SET state = 'unknown' WHERE state = 'differs'")
    for name in ("paid_minor", "paid_currency", "refunded_minor"):
        op.drop_column("payments", name)
    op.drop_table("sync_awaited")
    op.drop_index(op.f(f"ix_sync_links_{'_'.join(_DUE)}"), "sync_links")
    for name in _LINKS:
        op.drop_column("sync_links", name)
    op.drop_column("sync_settings", "unknown_owners")
