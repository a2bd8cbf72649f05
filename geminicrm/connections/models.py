"""The rows of connections: who we are at a service, what we asked of it, what it allows."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

CONNECTED = "connected"
UNTESTED = "untested"
NEEDS_REAUTH = "needs_reauth"
FAILING = "failing"
STATES = (UNTESTED, CONNECTED, FAILING, NEEDS_REAUTH)


class Connection(WorkspaceOwned, Base):
    """One set of credentials for one installed integration, of the workspace or of one user.

    `config` is plain, `secrets` and `tokens` are encrypted; `hints` are the last characters of each
    secret. `tokens` changes with each refresh and so does `tokens_revision`. `paused_until` is the
    circuit breaker, shared by all workers. `revision` rises with every change by a person.
    """

    __tablename__ = "connections"
    __table_args__ = tenant_args(
        tenant_fk("installation_id", "installations", ondelete="CASCADE"),
        Index(None, "workspace_id", "extension_id"),
        Index("ix_connections_refresh_at", "refresh_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    installation_id: Mapped[str] = mapped_column(String(40))
    extension_id: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[str | None] = mapped_column(String(40))  # a user; None is the workspace
    name: Mapped[str] = mapped_column(String(120))
    way: Mapped[str] = mapped_column(String(64))
    environment: Mapped[str] = mapped_column(String(8), default="live")
    active: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default=UNTESTED)
    config: Mapped[dict[str, Any]]
    secrets: Mapped[str | None] = mapped_column(Text)
    hints: Mapped[dict[str, Any]]
    secrets_at: Mapped[datetime]
    tokens: Mapped[str | None] = mapped_column(Text)
    tokens_revision: Mapped[int] = mapped_column(Integer, default=0)
    token_expires_at: Mapped[datetime | None]
    refresh_at: Mapped[datetime | None]
    refresh_owner: Mapped[str | None] = mapped_column(String(200))
    refresh_until: Mapped[datetime | None]
    refresh_failures: Mapped[int] = mapped_column(Integer, default=0)
    scopes: Mapped[list[str]]
    missing_scopes: Mapped[list[str]]
    account: Mapped[str] = mapped_column(String(200), default="")
    account_id: Mapped[str] = mapped_column(String(200), default="")
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_code: Mapped[str | None] = mapped_column(String(40))
    last_error_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    tested_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    debug_until: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it once


class ConnectionUse(WorkspaceOwned, Base):
    """How much of one limit a connection has used: the meter that all workers share.

    `tat` is the theoretical arrival time of the generic cell rate algorithm, in Unix seconds, for a
    limit of less than an hour; a quota counts `used` since `window_at`.
    """

    __tablename__ = "connection_uses"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "connection_id", "limit_id"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    limit_id: Mapped[str] = mapped_column(String(64))
    tat: Mapped[float] = mapped_column(Float, default=0.0)
    window_at: Mapped[datetime]
    used: Mapped[int] = mapped_column(BigInteger, default=0)


class ConnectionCall(WorkspaceOwned, Base):
    """One outside call of an extension: a line of the activity log, which outlives the connection.

    `path` holds no query and no secret; `outcome` is ok, refused, failed or unknown; `sent_bytes`
    and `got_bytes` are of the bodies; `detail` has what the service said where it went wrong.
    """

    __tablename__ = "connection_calls"
    __table_args__ = tenant_args(
        Index(None, "workspace_id", "connection_id", "at"),
        Index(None, "workspace_id", "at"),
        Index("ix_connection_calls_at", "at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str | None] = mapped_column(String(40))  # None: a call of no connection
    extension_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    operation: Mapped[str] = mapped_column(String(80))
    method: Mapped[str] = mapped_column(String(12))
    host: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(String(300))
    status: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(10))
    milliseconds: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer, default=1)
    sent_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    got_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    detail: Mapped[str] = mapped_column(Text, default="")
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(200))


class OAuthState(WorkspaceOwned, Base):
    """A journey to the consent page of a service that has begun: used once, within 10 minutes.

    `state_hash` is the SHA-256 of what travels, `session_hash` binds it to the browser's session;
    `verifier` is the encrypted code verifier of PKCE; `connection_id` is what it renews or fills.
    """

    __tablename__ = "oauth_states"
    __table_args__ = tenant_args(
        UniqueConstraint("state_hash"),
        tenant_fk("connection_id", "connections", ondelete="CASCADE"),
        Index("ix_oauth_states_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[str] = mapped_column(String(40))
    state_hash: Mapped[str] = mapped_column(String(64))
    session_hash: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
