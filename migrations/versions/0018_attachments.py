"""The files of mails, as rows that go with their mail; connections of people who have left."""

import sqlalchemy as sa
from alembic import op

revision = "0018_attachments"
down_revision = "0017_receiver"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "mail_files",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("mail_id", sa.String(length=40), nullable=True),
        sa.Column("received_id", sa.String(length=40), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "(mail_id IS NULL) <> (received_id IS NULL)", name=op.f("ck_mail_files_of_one_mail")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "mail_id"],
            ["mails.workspace_id", "mails.id"],
            name=op.f("fk_mail_files_workspace_id_mail_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "received_id"],
            ["received_mails.workspace_id", "received_mails.id"],
            name=op.f("fk_mail_files_workspace_id_received_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_files")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_mail_files_workspace_id_id")),
    )
    for column in ("mail_id", "received_id"):
        name = op.f(f"ix_mail_files_workspace_id_{column}")
        op.create_index(name, "mail_files", ["workspace_id", column])
    # Until now what somebody connected of their own outlived them. It is read no more; the service
    # is told when an admin ends it.
    op.execute(
        "UPDATE connections SET active = false WHERE owner_id IS NOT NULL AND NOT EXISTS (SELECT 1"
        " FROM memberships WHERE memberships.user_id = connections.owner_id"
        " AND memberships.workspace_id = connections.workspace_id)"
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("mail_files")
