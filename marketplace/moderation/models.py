"""Tables of moderation: what is wrong with versions that are out, and what has to stop."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


class Advisory(Base):
    """A warning about versions of an extension; those who have one are shown it."""

    __tablename__ = "advisories"
    __table_args__ = (Index(None, "extension_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64))
    affected: Mapped[str] = mapped_column(String(200))  # a version range
    severity: Mapped[str] = mapped_column(String(10))  # low, moderate, high or critical
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    fixed_in: Mapped[str | None] = mapped_column(String(100))
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None]


class KillOrder(Base):
    """Versions that must not run anywhere: their installations are quarantined."""

    __tablename__ = "kill_orders"
    __table_args__ = (Index(None, "extension_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64))
    affected: Mapped[str] = mapped_column(String(200))  # a version range
    reason: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[datetime]
    ordered_by: Mapped[str] = mapped_column(String(200))
    lifted_at: Mapped[datetime | None]
