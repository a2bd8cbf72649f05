"""The outbox tables: what happened, and to whom it still has to be told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args

_WITHOUT_POSITION = text("position IS NULL")
_PENDING = text("status = 'pending'")


class OutboxEvent(WorkspaceOwned, Base):
    """One event; `position` is given by the relay once the event's transaction has committed."""

    __tablename__ = "events"
    __table_args__ = tenant_args(
        Index("ix_events_unplaced", "occurred_at", sqlite_where=_WITHOUT_POSITION,
              postgresql_where=_WITHOUT_POSITION),
        Index(None, "workspace_id", "position"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    schema_version: Mapped[int] = mapped_column(Integer)
    object_id: Mapped[str] = mapped_column(String(40))
    object_version: Mapped[int] = mapped_column(Integer)
    occurred_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)

    def stored(self) -> StoredEvent:
        """Give the event in the shape that sinks take."""
        return StoredEvent(
            id=self.id,
            type=self.type,
            schema_version=self.schema_version,
            object_id=self.object_id,
            object_version=self.object_version,
            timestamp=self.occurred_at,
            workspace_id=self.workspace_id,
            data=self.data,
            position=self.position,
        )


class OutboxDelivery(Base):
    """One event on its way to one target of one sink; only the relay reads and writes these."""

    __tablename__ = "event_deliveries"
    __table_args__ = (
        Index("ix_event_deliveries_due", "next_at", sqlite_where=_PENDING,
              postgresql_where=_PENDING),
        Index(None, "event_id", "sink", "target", unique=True),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    sink: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(12), default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class OutboxPosition(Base):
    """The last position given out; the row's lock makes givers take turns."""

    __tablename__ = "event_position"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class Sink(Protocol):
    """Somebody who wants events: extension handlers, webhook endpoints, a sync."""

    name: str

    def targets(self, event: StoredEvent) -> Sequence[str]:
        """Name those of this sink who get the event; quick, from memory."""
        ...

    def deliver(self, target: str, event: StoredEvent, attempt: int) -> None:
        """Hand the event over; any exception means try again. `attempt` counts from 1."""
        ...
