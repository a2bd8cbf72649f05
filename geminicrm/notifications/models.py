"""The tables of notifications: what is wrong, and who has read of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

OPEN = text("resolved_at IS NULL")
_RESOLVED = text("resolved_at IS NOT NULL")


class Notification(WorkspaceOwned, Base):
    """Something that is wrong, or was until `resolved_at`.

    `key` names what it is about: in a workspace at most one of a key is open. `count` says how
    often it was raised between `first_at` and `last_at`; `link` is the page where it is mended.
    `mailed_at` is when it was mailed to those who want that, or seen that nobody can send mail.
    """

    __tablename__ = "notifications"
    __table_args__ = tenant_args(
        Index("ix_notifications_open", "workspace_id", "key", unique=True, sqlite_where=OPEN,
              postgresql_where=OPEN),
        Index(None, "workspace_id", "last_at"),
        Index("ix_notifications_resolved", "resolved_at", sqlite_where=_RESOLVED,
              postgresql_where=_RESOLVED),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(300))
    count: Mapped[int] = mapped_column(Integer, default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class NotificationRead(WorkspaceOwned, Base):
    """A user has read a notification when it had been raised `seen` times.

    Not the time decides whether it happened again since: clocks are set back, and what is stored
    first need not have the earlier time.
    """

    __tablename__ = "notification_reads"
    __table_args__ = tenant_args(
        Index(None, "notification_id", "user_id", unique=True),
        tenant_fk("notification_id", "notifications", ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    notification_id: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    seen: Mapped[int] = mapped_column(Integer)
    read_at: Mapped[datetime]
