"""The tables of outgoing webhooks: endpoints, how they do, messages, deliveries, attempts."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

ACTIVE: Final = "active"
PAUSED: Final = "paused"
DISABLED: Final = "disabled"
DELETED: Final = "deleted"
ENDPOINT_STATES: Final = (ACTIVE, PAUSED, DISABLED, DELETED)
"""`paused` by a person, `disabled` by ourselves: what happens meanwhile is `missed`."""

QUEUED: Final = "queued"
SENDING: Final = "sending"
DELIVERED: Final = "delivered"
FAILED: Final = "failed"
MISSED: Final = "missed"
DELIVERY_STATES: Final = (QUEUED, SENDING, DELIVERED, FAILED, MISSED)
"""A delivery that is `queued` after a failed attempt is what people call retrying."""

AUTO: Final = "auto"
MANUAL: Final = "manual"
PING: Final = "ping"
TRIGGERS: Final = (AUTO, MANUAL, PING)

_OPEN = text("state IN ('queued', 'sending')")
_LEASED = text("leased_by IS NOT NULL")
_FINISHED = text("finished_at IS NOT NULL")


def _index(name: str, *columns: str, where: Any) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


class Endpoint(WorkspaceOwned, Base):
    """An address that events are sent to.

    `events` are patterns (`lead.created`, `lead.*`, `*`). `secret` and `headers` are sealed by the
    vault; `old_secret` signs too until `old_secret_until`. `shape` says what of an event is sent,
    and how (`filter`, `mapping`, `template`; empty: the event as it is). `rate` is how many may be
    sent in a second (None: as many as there are), `concurrency` how many at once. `origin` is
    `workspace`, or `hook` for a REST hook, which ends at `expires_at`. A deleted one stays as long
    as its log.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = tenant_args(
        Index(None, "workspace_id", "state", "id"),
        Index("ix_webhook_endpoints_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(String(200), default="")
    events: Mapped[list[str]]
    secret: Mapped[str] = mapped_column(Text)
    old_secret: Mapped[str | None] = mapped_column(Text)
    old_secret_until: Mapped[datetime | None]
    headers: Mapped[str | None] = mapped_column(Text)
    shape: Mapped[dict[str, Any] | None]
    rate: Mapped[int | None] = mapped_column(Integer)
    concurrency: Mapped[int] = mapped_column(Integer, default=10)
    state: Mapped[str] = mapped_column(String(10), default=ACTIVE)
    reason: Mapped[str] = mapped_column(String(300), default="")
    state_at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(String(10), default="workspace")
    expires_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it once


class EndpointHealth(WorkspaceOwned, Base):
    """How an endpoint does: written by the delivery engine alone, beside its row for people.

    `failures` counts those in a row; `failing_since` is the first of them, `failed_at` the last.
    `open_until` is the circuit breaker, shared by all workers; `tat` the theoretical arrival time
    of the generic cell rate algorithm, in Unix seconds.
    """

    __tablename__ = "webhook_health"
    __table_args__ = tenant_args(
        tenant_fk("id", "webhook_endpoints", ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # the endpoint's
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str] = mapped_column(Text, default="")
    open_until: Mapped[datetime | None]
    tat: Mapped[float] = mapped_column(Float, default=0.0)


class Message(WorkspaceOwned, Base):
    """The bytes that are sent of one event: the same for every attempt and endpoint of a shape.

    `event_id` is the `webhook-id`; `shape_key` tells shapes apart, empty for the event as it is.
    """

    __tablename__ = "webhook_messages"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "event_id", "shape_key"),
        Index("ix_webhook_messages_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(40))
    shape_key: Mapped[str] = mapped_column(String(64), default="")
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class Delivery(WorkspaceOwned, Base):
    """One message on its way to one endpoint.

    `due_at` is when it may be sent: while it is `sending`, the end of the lease of `leased_by`.
    `attempts` counts all; `round_attempts` those since it was begun, or replayed, last: the
    schedule goes by these. `trigger` is of the next or latest attempt; `asked_by` who asked for it.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = tenant_args(
        tenant_fk("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        tenant_fk("message_id", "webhook_messages", ondelete="CASCADE"),
        UniqueConstraint("endpoint_id", "event_id"),
        _index("ix_webhook_deliveries_due", "endpoint_id", "due_at", "id", where=_OPEN),
        _index("ix_webhook_deliveries_leased", "leased_by", where=_LEASED),
        _index("ix_webhook_deliveries_finished", "state", "finished_at", where=_FINISHED),
        Index(None, "workspace_id", "created_at"),
        Index(None, "workspace_id", "endpoint_id", "state", "id"),
        Index(None, "workspace_id", "object_id", "id"),
        Index(None, "message_id"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(String(40))
    message_id: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(40))
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    round_attempts: Mapped[int] = mapped_column(Integer, default=0)
    trigger: Mapped[str] = mapped_column(String(10), default=AUTO)
    asked_by: Mapped[str | None] = mapped_column(String(200))
    leased_by: Mapped[str | None] = mapped_column(String(200))
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str] = mapped_column(String(300), default="")
    milliseconds: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Attempt(WorkspaceOwned, Base):
    """One attempt at a delivery, as the log shows it; `number` counts from 1 over all of them.

    `error` is empty for success, else the class of what went wrong: `status`, `connect`, `dns`,
    `tls`, `timeout`, `closed`, `refused` (the address guard), `redirect`, `response`. Headers are
    redacted; `response_body` is at most 50 KiB of what was read.
    """

    __tablename__ = "webhook_attempts"
    __table_args__ = tenant_args(
        tenant_fk("delivery_id", "webhook_deliveries", ondelete="CASCADE"),
        Index(None, "workspace_id", "delivery_id", "number"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column(Integer)
    trigger: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[str | None] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    milliseconds: Mapped[int] = mapped_column(Integer)
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(20), default="")
    detail: Mapped[str] = mapped_column(String(500), default="")
    request_headers: Mapped[dict[str, Any]]
    response_headers: Mapped[dict[str, Any]]
    response_body: Mapped[bytes] = mapped_column(LargeBinary)
    truncated: Mapped[bool] = mapped_column(default=False)
    next_attempt_at: Mapped[datetime | None]


# As tables, for statements about many rows, which know no workspace.
HEALTH: Final[Table] = Base.metadata.tables["webhook_health"]
MESSAGES: Final[Table] = Base.metadata.tables["webhook_messages"]
DELIVERIES: Final[Table] = Base.metadata.tables["webhook_deliveries"]
ATTEMPTS: Final[Table] = Base.metadata.tables["webhook_attempts"]
