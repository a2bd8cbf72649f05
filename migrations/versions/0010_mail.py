"""Mail that goes out and comes in, templates, and how far mailboxes were read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_mail"
down_revision = "0009_connections"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "mail_templates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_templates")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_mail_templates_workspace_id_id")),
        sa.UniqueConstraint(
            "workspace_id", "name", name=op.f("uq_mail_templates_workspace_id_name")
        ),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("recipients", JSON, nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text(), nullable=False),
        sa.Column("references", JSON, nullable=False),
        sa.Column("related_type", sa.String(length=20), nullable=True),
        sa.Column("related_id", sa.String(length=40), nullable=True),
        sa.Column("connection_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_through", sa.String(length=40), nullable=True),
        sa.Column("provider", sa.String(length=64), nullable=True),
        sa.Column("message_id", sa.String(length=500), nullable=True),
        sa.Column("refused", JSON, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("mend", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_mails_workspace_id_id")),
    )
    op.create_index(
        op.f("ix_mails_workspace_id_created_at"), "mails", ["workspace_id", "created_at"]
    )
    op.create_index(
        op.f("ix_mails_workspace_id_related_id_created_at"),
        "mails",
        ["workspace_id", "related_id", "created_at"],
    )
    op.create_index(
        op.f("ix_mails_workspace_id_state_created_at"),
        "mails",
        ["workspace_id", "state", "created_at"],
    )
    op.create_index(op.f("ix_mails_message_id"), "mails", ["message_id"])
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connections.workspace_id", "connections.id"],
            name=op.f("fk_mailboxes_workspace_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_mailboxes_workspace_id_id")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            name=op.f("uq_mailboxes_workspace_id_connection_id"),
        ),
    )
    op.create_index("ix_mailboxes_next_at", "mailboxes", ["next_at"])
    op.create_table(
        "received_mails",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("message_key", sa.String(length=500), nullable=False),
        sa.Column("sender", JSON, nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.Column("related_type", sa.String(length=20), nullable=True),
        sa.Column("related_id", sa.String(length=40), nullable=True),
        sa.Column("activity_id", sa.String(length=40), nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_mails")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_received_mails_workspace_id_id")),
        sa.UniqueConstraint(
            "workspace_id",
            "message_key",
            name=op.f("uq_received_mails_workspace_id_message_key"),
        ),
    )
    for column in ("received_at", "related_id"):
        columns = ["workspace_id", *dict.fromkeys((column, "received_at"))]
        op.create_index(op.f(f"ix_received_mails_{'_'.join(columns)}"), "received_mails", columns)
    for name in ("leads", "contacts"):
        op.add_column(name, sa.Column("email_key", sa.String(length=254), nullable=True))
        op.execute(f"UPDATE {name} SET email_key = lower(email) WHERE email IS NOT NULL")  # noqa: S608 - names of our own
        columns = ["workspace_id", "email_key"]
        op.create_index(op.f(f"ix_{name}_workspace_id_email_key"), name, columns)


def downgrade() -> None:
    """Take it back."""
    for name in ("leads", "contacts"):
        op.drop_index(op.f(f"ix_{name}_workspace_id_email_key"), name)
        op.drop_column(name, "email_key")
    op.drop_table("received_mails")
    op.drop_table("mailboxes")
    op.drop_table("mail_templates")
    op.drop_table("mails")
