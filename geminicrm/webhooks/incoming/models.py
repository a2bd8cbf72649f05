"""The tables of incoming webhooks: addresses, requests that came in, the events in them."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

VERIFIED, REJECTED = "verified", "rejected"
RESULTS: Final = (VERIFIED, REJECTED)
QUEUED, DONE, FAILED, IGNORED = "queued", "done", "failed", "ignored"
STATES: Final = (QUEUED, DONE, FAILED, IGNORED)
"""Of an event: `ignored` is one that means nothing to the integration."""


class WebhookAddress(WorkspaceOwned, Base):
    """The secret part of the address at which a connection takes one of its webhooks.

    `token_hash` is what requests are found by, `token` the sealed one, for people to copy. The one
    before holds until `old_until`, so that the service can be told of the new one meanwhile.
    """

    __tablename__ = "webhook_addresses"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id", "webhook_id"),
        UniqueConstraint("token_hash"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
        Index("ix_webhook_addresses_old_hash", "old_hash"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    webhook_id: Mapped[str] = mapped_column(String(64))  # of the manifest's entry
    token_hash: Mapped[str] = mapped_column(String(64))
    token: Mapped[str] = mapped_column(Text)
    old_hash: Mapped[str | None] = mapped_column(String(64))
    old_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Received(WorkspaceOwned, Base):
    """A request as it came in; it outlives its connection, and goes when the log is swept.

    `url` has no token in it, `headers` no credentials. `body` is whole where the request was
    believed, else its beginning; `size` is that of the whole. `part` and `detail` say what was
    wrong; `status` is what the service was answered. `owner_id` is that of the connection.
    """

    __tablename__ = "webhook_received"
    __table_args__ = tenant_args(
        Index(None, "workspace_id", "connection_id", "id"),
        Index(None, "workspace_id", "result", "id"),
        Index("ix_webhook_received_received_at", "received_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[str | None] = mapped_column(String(40))
    installation_id: Mapped[str] = mapped_column(String(40))
    extension_id: Mapped[str] = mapped_column(String(64))
    webhook_id: Mapped[str] = mapped_column(String(64))
    scheme: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[datetime]
    method: Mapped[str] = mapped_column(String(12))
    url: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    result: Mapped[str] = mapped_column(String(10))
    part: Mapped[str] = mapped_column(String(20), default="")
    detail: Mapped[str] = mapped_column(String(300), default="")
    status: Mapped[int] = mapped_column(Integer)


class ReceivedItem(WorkspaceOwned, Base):
    """One event of a request, worked on once however often it is sent.

    `key` is the same each time the service sends it; `repeats` counts how often it came again.
    `data` is JSON, what the integration is handed. `attempts` counts those that have ended.
    """

    __tablename__ = "webhook_items"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id", "key"),
        tenant_fk("received_id", "webhook_received", ondelete="CASCADE"),
        Index(None, "workspace_id", "received_id", "position"),
        Index(None, "workspace_id", "state", "received_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    received_id: Mapped[str] = mapped_column(String(40))
    connection_id: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(120))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    repeats: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


# As tables, for statements about many rows, which know no workspace.
RECEIVED: Final[Table] = Base.metadata.tables["webhook_received"]
ITEMS: Final[Table] = Base.metadata.tables["webhook_items"]
