"""Invitations, links to prove who somebody is, sealed links of mails, notifications by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0013_members"
down_revision = "0012_syncing"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("accepted_at IS NULL AND revoked_at IS NULL")


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("first_name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("inviter", sa.String(length=200), nullable=False),
        sa.Column("invited_by", sa.String(length=40), nullable=True),
        sa.Column("mail_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_invitations_workspace_id_id")),
    )
    op.create_index(
        "ix_invitations_open",
        "invitations",
        ["workspace_id", "email"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "account_links",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("mail_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_account_links_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_links_token_hash")),
    )
    op.create_index(
        op.f("ix_account_links_user_id_purpose"), "account_links", ["user_id", "purpose"]
    )
    op.create_index(op.f("ix_account_links_expires_at"), "account_links", ["expires_at"])
    op.add_column("mails", sa.Column("sealed", sa.Text(), nullable=True))
    op.add_column("mails", sa.Column("sealed_until", INSTANT, nullable=True))
    op.add_column("users", sa.Column("email_verified_at", INSTANT, nullable=True))
    op.add_column(
        "users",
        sa.Column("notice_mails", sa.String(length=10), nullable=False, server_default="critical"),
    )
    op.add_column("notifications", sa.Column("mailed_at", INSTANT, nullable=True))
    # What is open already was seen by its readers: an upgrade sends no flood of mail.
    op.execute("UPDATE notifications SET mailed_at = last_at")


def downgrade() -> None:
    """Take it back."""
    op.drop_column("notifications", "mailed_at")
    op.drop_column("users", "notice_mails")
    op.drop_column("users", "email_verified_at")
    op.drop_column("mails", "sealed_until")
    op.drop_column("mails", "sealed")
    op.drop_table("account_links")
    op.drop_table("invitations")
