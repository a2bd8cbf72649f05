"""The tables of payments."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args

ASKING = "asking"
OPEN = "open"
PAID = "paid"
EXPIRED = "expired"
CANCELED = "canceled"
FAILED = "failed"
UNKNOWN = "unknown"
DIFFERS = "differs"
STATES = (ASKING, OPEN, PAID, EXPIRED, CANCELED, FAILED, UNKNOWN, DIFFERS)
"""`failed` was certainly not made; of `unknown` nobody knows, and `differs` is paid otherwise than
it was asked for: of both a person decides."""


class Payment(WorkspaceOwned, Base):
    """A payment that somebody is asked for; `round` counts how often a new link was asked for.

    While it is `asking`, `connection_id` names the connection that may have been asked already:
    only that one is asked again, with the same idempotency key, since `asked_at`. `origin` is the
    lead that it was made for by itself; `greeted` says that this lead was written to. `mail_id` is
    the latest mail about it. `next_look_at` is when a worker looks after it.

    `paid_minor` and `paid_currency` are what was paid where that is not what was asked for;
    `refunded_minor` is what was given back of it so far.
    """

    __tablename__ = "payments"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "origin"),
        Index(None, "workspace_id", "related_id", "id"),
        Index(None, "workspace_id", "state", "id"),
        Index(None, "workspace_id", "checkout_id"),
        Index("ix_payments_next_look_at", "next_look_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    related_type: Mapped[str] = mapped_column(String(20))
    related_id: Mapped[str] = mapped_column(String(40))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(200))
    payer_email: Mapped[str | None] = mapped_column(String(254))
    payer_name: Mapped[str] = mapped_column(String(250), default="")
    send_mail: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10), default=ASKING)
    round: Mapped[int] = mapped_column(Integer, default=1)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    looks: Mapped[int] = mapped_column(Integer, default=0)
    provider: Mapped[str | None] = mapped_column(String(64))
    connection_id: Mapped[str | None] = mapped_column(String(40))
    live: Mapped[bool | None]
    checkout_id: Mapped[str | None] = mapped_column(String(255))
    url: Mapped[str | None] = mapped_column(Text)
    payment_id: Mapped[str | None] = mapped_column(String(255))
    paid_minor: Mapped[int | None] = mapped_column(BigInteger)
    paid_currency: Mapped[str | None] = mapped_column(String(3))
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    mend: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str | None] = mapped_column(String(40))
    greeted: Mapped[bool] = mapped_column(default=False)
    mail_id: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime | None]


class PaymentSettings(WorkspaceOwned, Base):
    """What a workspace has chosen about payments; without a row the defaults hold."""

    __tablename__ = "payment_settings"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    payment_for_new_leads: Mapped[bool] = mapped_column(default=True)
