"""What pages of mail need: activities of sent mail, what became of mail that came in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_mail_pages"
down_revision = "0013_members"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_INDEXES = (
    ("mails", ("workspace_id", "activity_id")),
    ("received_mails", ("workspace_id", "activity_id")),
    ("received_mails", ("workspace_id", "state", "received_at")),
)
_NAMES = ("state", "recipients", "references", "from_html", "cut")


def upgrade() -> None:
    """Do it; of mail in somebody's own mailbox that fits no record, only the key stays."""
    op.add_column("mails", sa.Column("activity_id", sa.String(length=40), nullable=True))
    # What a worker of the version before stores meanwhile is shown to nobody: hence the defaults.
    for column in (
        sa.Column("state", sa.String(length=10), server_default="private", nullable=False),
        sa.Column("recipients", JSON, server_default="{}", nullable=False),
        sa.Column("references", JSON, server_default="[]", nullable=False),
        sa.Column("from_html", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("cut", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("received_mails", column)
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
    op.execute("UPDATE received_mails SET state = 'filed' WHERE related_id IS NOT NULL")
    op.execute(
        "UPDATE received_mails SET state = 'open' WHERE related_id IS NULL AND connection_id IN"
        " (SELECT id FROM connections WHERE owner_id IS NULL)"
    )
    op.execute(
        "UPDATE received_mails SET sender = '{}', subject = '', text = '' WHERE state = 'private'"
    )


def downgrade() -> None:
    """Take it back."""
    for table, columns in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
    for name in _NAMES:
        op.drop_column("received_mails", name)
    op.drop_column("mails", "activity_id")
