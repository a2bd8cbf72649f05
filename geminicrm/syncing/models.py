"""The tables of syncing: what was chosen, how far it is, which records belong together."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

KINDS: Final = ("company", "contact", "deal")
"""The kinds of record that can be synced, in the order in which they are."""
BOTH, INWARD, OUTWARD = "both", "in", "out"
DIRECTIONS: Final = (BOTH, INWARD, OUTWARD)
NEWEST, OURS, THEIRS = "newest", "ours", "theirs"
RULES: Final = (NEWEST, OURS, THEIRS)
KEEP, FOLLOW = "keep", "follow"
DELETES: Final = (KEEP, FOLLOW)

OK = "ok"
FAILED = "failed"
SENDING = "sending"
UNKNOWN = "unknown"
GONE = "gone"
AGAIN = "again"
STATES: Final = (OK, FAILED, SENDING, UNKNOWN, GONE, AGAIN)
"""Of a link: `sending` and `unknown` may have been made over there, `again` is read once more."""


class SyncSettings(WorkspaceOwned, Base):
    """What was chosen for a connection. `next_at` is when the other side is read again.

    `unknown_owners` has the addresses of owners who have no namesake: `there` and `here` by id.
    """

    __tablename__ = "sync_settings"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
        Index("ix_sync_settings_next_at", "next_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    enabled: Mapped[bool] = mapped_column(default=False)
    kinds: Mapped[list[str]]
    direction: Mapped[str] = mapped_column(String(8), default=BOTH)
    conflicts: Mapped[str] = mapped_column(String(8), default=NEWEST)
    deletes: Mapped[str] = mapped_column(String(8), default=KEEP)
    next_at: Mapped[datetime]
    archive_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    unknown_owners: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime]


class SyncCursor(WorkspaceOwned, Base):
    """How far one kind of record of a connection is; `scanned` is the last own id looked at."""

    __tablename__ = "sync_cursors"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id", "kind"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    cursor: Mapped[str] = mapped_column(Text, default="")
    scanned: Mapped[str] = mapped_column(String(40), default="")
    first_done: Mapped[bool] = mapped_column(default=False)
    came_in: Mapped[int] = mapped_column(BigInteger, default=0)
    went_out: Mapped[int] = mapped_column(BigInteger, default=0)
    last_at: Mapped[datetime | None]


class SyncLink(WorkspaceOwned, Base):
    """A record here and the one over there that it is kept the same as.

    Either id may be missing where the record could not be made on that side. `base` is what both
    had when they were the same last; `far_at` is the last change over there that was seen.
    `error_side` says on which side it failed (`tie`: between records), `conflict` has the last
    field that both had changed.

    `ties` has, by kind, the record that both sides had it belong with last: its id here and there.
    `ties_due` is when that is compared next, `ties_side` who wins if both have changed it.
    """

    __tablename__ = "sync_links"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id", "kind", "record_id"),
        UniqueConstraint("workspace_id", "connection_id", "kind", "far_id"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
        Index(None, "workspace_id", "connection_id", "state"),
        Index(None, "workspace_id", "record_id"),
        Index(None, "workspace_id", "connection_id", "kind", "ties_due"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    record_id: Mapped[str | None] = mapped_column(String(40))
    far_id: Mapped[str | None] = mapped_column(String(200))
    label: Mapped[str] = mapped_column(String(200), default="")
    base: Mapped[dict[str, Any]]
    far_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10), default=OK)
    error: Mapped[str | None] = mapped_column(Text)
    error_side: Mapped[str | None] = mapped_column(String(3))
    conflict: Mapped[dict[str, Any] | None]
    ties: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ties_due: Mapped[datetime | None]
    ties_side: Mapped[str | None] = mapped_column(String(6))
    linked_at: Mapped[datetime]
    synced_at: Mapped[datetime]


class SyncAwaited(WorkspaceOwned, Base):
    """A record that one of a link belongs with, and that is not linked itself yet.

    `other_id` is its id on the side that has it: here or there.
    """

    __tablename__ = "sync_awaited"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "link_id", "kind"),
        tenant_fk("link_id", "sync_links", ondelete="CASCADE"),
        Index(None, "workspace_id", "kind", "other_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    link_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    other_id: Mapped[str] = mapped_column(String(200))


class SyncDirty(WorkspaceOwned, Base):
    """A record that changed here and has to be looked at; `stamp` changes with each change."""

    __tablename__ = "sync_dirty"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id", "kind", "record_id"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
        Index(None, "workspace_id", "connection_id", "kind", "due_at"),
        Index("ix_sync_dirty_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    record_id: Mapped[str] = mapped_column(String(40))
    stamp: Mapped[str] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime]


class SyncHeard(WorkspaceOwned, Base):
    """A record that the other side says has changed, to be read; `stamp` changes each time."""

    __tablename__ = "sync_heard"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id", "kind", "far_id"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    far_id: Mapped[str] = mapped_column(String(200))
    stamp: Mapped[str] = mapped_column(String(40))
