"""The outbox: what happened, and those to whom it has to be told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import BigInteger, Index, Integer, Row, String, Table, text
from sqlalchemy import Sequence as Numbers
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args

_WITHOUT_POSITION = text("position IS NULL")


class OutboxEvent(WorkspaceOwned, Base):
    """One event; `position` is given by the relay once the event's transaction has committed.

    `seq` is the order in which events were stored, on PostgreSQL; on SQLite the row's own number
    is that order. The time would not do: clocks are set back.
    """

    __tablename__ = "events"
    __table_args__ = tenant_args(
        Index("ix_events_unplaced", "seq", sqlite_where=_WITHOUT_POSITION,
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
    seq: Mapped[int | None] = mapped_column(BigInteger, Numbers("events_seq"))

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


class OutboxPosition(Base):
    """The last position given out; the row's lock makes givers take turns.

    `pruned` is the highest position that is no more: the feed goes on after it.
    """

    __tablename__ = "event_position"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)
    pruned: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


# As a table, for statements about many rows, which know no workspace.
EVENTS: Final[Table] = Base.metadata.tables["events"]


class Sink(Protocol):
    """Somebody who wants events: extension handlers, webhook endpoints, a sync.

    Each event becomes a job for each target. `ordered` asks for the events of one record in their
    order: a later one waits until the earlier one was taken, or given up.
    """

    name: str
    ordered: bool
    seconds: int
    """How long one delivery may take."""

    def targets(self, event: StoredEvent) -> Sequence[str]:
        """Name those of this sink who get the event; quick, from memory."""
        ...

    def deliver(self, target: str, event: StoredEvent, attempt: int) -> None:
        """Hand the event over; `attempt` counts from 1.

        Any exception means try again; `Postponed` means later, and that this was no attempt.
        """
        ...


def stored_event(row: Row[Any], position: int | None) -> StoredEvent:
    """Give a row of EVENTS in the shape that sinks take; many of them cost less than entities."""
    return StoredEvent(
        id=row.id,
        type=row.type,
        schema_version=row.schema_version,
        object_id=row.object_id,
        object_version=row.object_version,
        timestamp=row.occurred_at,
        workspace_id=row.workspace_id,
        data=row.data,
        position=position,
    )
