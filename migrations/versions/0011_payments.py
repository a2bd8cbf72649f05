"""Payments that were asked for, and what a workspace has chosen about them."""

import sqlalchemy as sa
from alembic import op

revision = "0011_payments"
down_revision = "0010_mail"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "payments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("related_type", sa.String(length=20), nullable=False),
        sa.Column("related_id", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("payer_email", sa.String(length=254), nullable=True),
        sa.Column("payer_name", sa.String(length=250), nullable=False),
        sa.Column("send_mail", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=True),
        sa.Column("connection_id", sa.String(length=40), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=True),
        sa.Column("checkout_id", sa.String(length=255), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.String(length=255), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("mend", sa.Text(), nullable=True),
        sa.Column("origin", sa.String(length=40), nullable=True),
        sa.Column("greeted", sa.Boolean(), nullable=False),
        sa.Column("mail_id", sa.String(length=40), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("paid_at", INSTANT, nullable=True),
        sa.Column("looked_at", INSTANT, nullable=True),
        sa.Column("next_look_at", INSTANT, nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_payments_workspace_id_id")),
        sa.UniqueConstraint("workspace_id", "origin", name=op.f("uq_payments_workspace_id_origin")),
    )
    for columns in (("related_id", "id"), ("state", "id"), ("checkout_id",)):
        whole = ["workspace_id", *columns]
        op.create_index(op.f(f"ix_payments_{'_'.join(whole)}"), "payments", whole)
    op.create_index("ix_payments_next_look_at", "payments", ["next_look_at"])
    op.create_table(
        "payment_settings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payment_for_new_leads", sa.Boolean(), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_settings")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_payment_settings_workspace_id_id")),
        sa.UniqueConstraint("workspace_id", name=op.f("uq_payment_settings_workspace_id")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("payment_settings")
    op.drop_table("payments")
