"""The tables of the test receiver."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk


class WebhookReceiver(WorkspaceOwned, Base):
    """The receiver of a workspace, which has one at most; `answer` is the status it answers with.

    Whoever knows `token` can put something in, and read nothing: it is kept as it is.
    """

    __tablename__ = "webhook_receivers"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id"), UniqueConstraint("token"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    token: Mapped[str] = mapped_column(String(64))
    answer: Mapped[int] = mapped_column(Integer, default=200)
    created_at: Mapped[datetime]


class Caught(WorkspaceOwned, Base):
    """One request that arrived; `body` is at most 256 KiB of its `size` bytes."""

    __tablename__ = "webhook_caught"
    __table_args__ = tenant_args(
        tenant_fk("receiver_id", "webhook_receivers", ondelete="CASCADE"),
        Index(None, "workspace_id", "receiver_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    receiver_id: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    method: Mapped[str] = mapped_column(String(10))
    query: Mapped[str] = mapped_column(String(2000), default="")
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    answer: Mapped[int] = mapped_column(Integer)
