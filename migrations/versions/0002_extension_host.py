"""What extension hosts need: found hooks and locks, storage, outside hosts that were called."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_extension_host"
down_revision = "0001_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "stored_documents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column(
            "key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_documents")),
        sa.UniqueConstraint(
            "workspace_id",
            "extension_id",
            "key",
            name=op.f("uq_stored_documents_workspace_id_extension_id_key"),
        ),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_stored_documents_workspace_id_id")),
    )
    op.create_table(
        "host_uses",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("installation_id", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "installation_id"],
            ["installations.workspace_id", "installations.id"],
            name=op.f("fk_host_uses_workspace_id_installation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_uses")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_host_uses_workspace_id_id")),
        sa.UniqueConstraint(
            "workspace_id",
            "installation_id",
            "host",
            "day",
            name=op.f("uq_host_uses_workspace_id_installation_id_host_day"),
        ),
    )
    op.add_column(
        "installations",
        sa.Column("hooks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    )
    op.add_column(
        "installations",
        sa.Column("level", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    )
    op.add_column(
        "kept_settings",
        sa.Column(
            "host_settings",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
        ),
    )


def downgrade() -> None:
    """Undo it."""
    # Not in a batch: on SQLite that makes the table anew, and dropping the old one takes along
    # every row that refers to it.
    op.drop_column("kept_settings", "host_settings")
    op.drop_column("installations", "level")
    op.drop_column("installations", "hooks")
    op.drop_table("host_uses")
    op.drop_table("stored_documents")
