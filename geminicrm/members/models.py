"""The tables of members: invitations, and the links that prove who owns an address."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args

OPEN = text("accepted_at IS NULL AND revoked_at IS NULL")


class Invitation(WorkspaceOwned, Base):
    """Somebody is asked to join a workspace with a role; only the hash of the token is kept.

    At most one of an address is open in a workspace. `inviter` is the name that is shown,
    `invited_by` the user, None for the operator at the command line. `mail_id` is its latest mail.
    """

    __tablename__ = "invitations"
    __table_args__ = tenant_args(
        Index("ix_invitations_open", "workspace_id", "email", unique=True, sqlite_where=OPEN,
              postgresql_where=OPEN),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    inviter: Mapped[str] = mapped_column(String(200))
    invited_by: Mapped[str | None] = mapped_column(String(40))
    mail_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AccountLink(Base):
    """A link that was mailed to a user: to set a new password, or to prove an address.

    `email` is where it was sent to; `used_at` is set too when it was made void.
    """

    __tablename__ = "account_links"
    __table_args__ = (Index(None, "user_id", "purpose"), Index(None, "expires_at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    mail_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
