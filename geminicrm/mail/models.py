"""The tables of mail: what is sent, what came in, the files of both."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

WAITING = "waiting"
QUEUED = "queued"
SENDING = "sending"
SENT = "sent"
FAILED = "failed"
UNKNOWN = "unknown"
STATES = (WAITING, QUEUED, SENDING, SENT, FAILED, UNKNOWN)
"""`waiting` has nobody who could send it; `unknown` may have been sent, and a person decides."""
FILED = "filed"
OPEN = "open"
IGNORED = "ignored"
PRIVATE = "private"
OURS = "ours"
"""States of what came in: `private` and `ignored` keep the key alone, `ours` was sent from here."""


class OutgoingMail(WorkspaceOwned, Base):
    """One mail. `purpose` says what for: a record, a test, one of the CRM's own kinds.

    `recipients` holds `to`, `cc` and `bcc`, each a list of `{email, name}`. `connection_id` is the
    one to send it through, None for the workspace's usual one; `sent_through` the one that did.
    `related_type` and `related_id` name the record that it was written from. `sealed` is the
    encrypted link that a mail with a secret link is sent with, until `sealed_until` at the latest;
    its text holds a placeholder. `activity_id` is what it became on the record when it was sent.
    """

    __tablename__ = "mails"
    __table_args__ = tenant_args(
        Index(None, "workspace_id", "created_at"),
        Index(None, "workspace_id", "state", "created_at"),
        Index(None, "workspace_id", "related_id", "created_at"),
        Index(None, "workspace_id", "activity_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    recipients: Mapped[dict[str, Any]]
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    in_reply_to: Mapped[str] = mapped_column(Text, default="")
    references: Mapped[list[str]]
    related_type: Mapped[str | None] = mapped_column(String(20))
    related_id: Mapped[str | None] = mapped_column(String(40))
    connection_id: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_through: Mapped[str | None] = mapped_column(String(40))
    provider: Mapped[str | None] = mapped_column(String(64))
    message_id: Mapped[str | None] = mapped_column(String(500), index=True)
    refused: Mapped[list[dict[str, Any]]]
    error: Mapped[str | None] = mapped_column(Text)
    mend: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    sealed: Mapped[str | None] = mapped_column(Text)
    sealed_until: Mapped[datetime | None]
    activity_id: Mapped[str | None] = mapped_column(String(40))


class MailTemplate(WorkspaceOwned, Base):
    """A mail to begin from; `{{first_name}}` and the like stand for fields of the record."""

    __tablename__ = "mail_templates"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id", "name"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class MailboxState(WorkspaceOwned, Base):
    """How far a mailbox was read: one row for each connection that can read one.

    Only what came after `since` is looked at. `next_at` is when it is read again.
    """

    __tablename__ = "mailboxes"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
        Index("ix_mailboxes_next_at", "next_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    cursor: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime]
    next_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class StoredMail(WorkspaceOwned, Base):
    """A mail that came in. `activity_id` is what it became on a record, None where it fits none.

    `message_key` is its Message-ID, else the service's own name for it: one mail is stored once,
    however often it is read, and in however many mailboxes of the workspace it lies. `recipients`
    holds `to`, `cc` and `reply_to`; `references` are Message-IDs of its thread, the oldest first.
    `from_html` says that `text` was made from HTML, `cut` that it ends early.
    """

    __tablename__ = "received_mails"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "message_key"),
        Index(None, "workspace_id", "received_at"),
        Index(None, "workspace_id", "related_id", "received_at"),
        Index(None, "workspace_id", "state", "received_at"),
        Index(None, "workspace_id", "activity_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    message_key: Mapped[str] = mapped_column(String(500))
    sender: Mapped[dict[str, Any]]
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    automatic: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime]
    stored_at: Mapped[datetime]
    related_type: Mapped[str | None] = mapped_column(String(20))
    related_id: Mapped[str | None] = mapped_column(String(40))
    activity_id: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default=OPEN)
    recipients: Mapped[dict[str, Any]] = mapped_column(default=dict)
    references: Mapped[list[str]] = mapped_column(default=list)
    from_html: Mapped[bool] = mapped_column(default=False)
    cut: Mapped[bool] = mapped_column(default=False)


class StoredFile(WorkspaceOwned, Base):
    """A file of a mail that is sent (`mail_id`) or came in (`received_id`); it goes with the mail.

    In the database, not on a disk: a worker on another machine has to be able to send it.
    `content` is None where a file that came in was left in its mailbox; `size` is in bytes, 0 where
    it is not known. `position` is its place in the mail, from 0.
    """

    __tablename__ = "mail_files"
    __table_args__ = tenant_args(
        tenant_fk("mail_id", "mails", ondelete="CASCADE"),
        tenant_fk("received_id", "received_mails", ondelete="CASCADE"),
        CheckConstraint("(mail_id IS NULL) <> (received_id IS NULL)", name="of_one_mail"),
        Index(None, "workspace_id", "mail_id"),
        Index(None, "workspace_id", "received_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    mail_id: Mapped[str | None] = mapped_column(String(40))
    received_id: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
