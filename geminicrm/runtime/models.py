"""The rows of the runtime: what is installed, what was used, who works, who holds the lock.

What was and what is on its way stands in `geminicrm/runtime/history/models.py`.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

# SQLite compares code points by itself, PostgreSQL as the database's language would.
_BY_CODE_POINT = String(200).with_variant(String(200, collation="C"), "postgresql")


EMBEDDED = "embedded"
"""The id of the registry that is part of the CRM."""


class Installation(WorkspaceOwned, Base):
    """One extension version in one workspace: its grant, its settings, whether it runs.

    `revision` rises with every change; two changes of the same reading can't both be stored.
    `hooks` and `level` are what a host found when it loaded the code: the hooks that it implements
    and the locks that held; None for a built-in. `watch` says until when a new version is watched,
    and against what; None where none is.
    """

    __tablename__ = "installations"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id", "extension_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(80), index=True)
    registry_id: Mapped[str] = mapped_column(String(40), default=EMBEDDED, server_default=EMBEDDED)
    publisher_id: Mapped[str | None] = mapped_column(String(40))
    signed_by: Mapped[str | None] = mapped_column(String(64))  # the publisher's key
    manifest: Mapped[dict[str, Any]]
    enabled: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(12), default="enabled")
    granted: Mapped[list[str]]
    settings: Mapped[dict[str, Any]]
    secrets: Mapped[str | None] = mapped_column(Text)
    trusted: Mapped[bool] = mapped_column(default=False)
    built_in: Mapped[bool] = mapped_column(default=False)
    hooks: Mapped[list[str] | None]
    level: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)
    watch: Mapped[dict[str, Any] | None]
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it once


class KeptSettings(WorkspaceOwned, Base):
    """What an uninstalled extension left behind for the day it comes back.

    `host_settings` names those that only an admin could change, since they named hosts.
    """

    __tablename__ = "kept_settings"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id", "extension_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    settings: Mapped[dict[str, Any]]
    secrets: Mapped[str | None] = mapped_column(Text)
    host_settings: Mapped[list[str] | None]
    kept_at: Mapped[datetime]


class ScopeUse(WorkspaceOwned, Base):
    """How often an installation used one scope on one day, and how often it was refused."""

    __tablename__ = "scope_uses"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "installation_id", "scope", "day"),
        tenant_fk("installation_id", "installations", ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    installation_id: Mapped[str] = mapped_column(String(40))
    scope: Mapped[str] = mapped_column(String(80))
    day: Mapped[date]
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    refused: Mapped[int] = mapped_column(BigInteger, default=0)
    last_at: Mapped[datetime]


class HostUse(WorkspaceOwned, Base):
    """How often an installation called one outside host on one day, and was refused."""

    __tablename__ = "host_uses"
    __table_args__ = tenant_args(
        UniqueConstraint("workspace_id", "installation_id", "host", "day"),
        tenant_fk("installation_id", "installations", ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    installation_id: Mapped[str] = mapped_column(String(40))
    host: Mapped[str] = mapped_column(String(255))
    day: Mapped[date]
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    refused: Mapped[int] = mapped_column(BigInteger, default=0)
    last_at: Mapped[datetime]


class StoredDocument(WorkspaceOwned, Base):
    """One document of an extension's storage in a workspace; it outlives the installation.

    `value` is JSON text as it was given, `size` its bytes with those of the key, which count
    against the quota; `version` rises with every change. Keys are ordered by their code points.
    """

    __tablename__ = "stored_documents"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id", "extension_id", "key"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(_BY_CODE_POINT)
    value: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[datetime]


class OwnPackage(Base):
    """A package that came with the CRM, by its SHA-256 in hex, sealed with the encryption keys."""

    __tablename__ = "own_packages"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    seal: Mapped[str] = mapped_column(Text)


class WorkerLease(Base):
    """One living process and the generation it serves; gone when not renewed.

    `not_loaded` says by installation why the process does not serve it.
    """

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    machine: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    pid: Mapped[int] = mapped_column(Integer)
    generation: Mapped[int] = mapped_column(BigInteger)
    content_hash: Mapped[str] = mapped_column(String(64))
    not_loaded: Mapped[dict[str, Any] | None]
    lease_until: Mapped[datetime]


class InstallLock(WorkspaceOwned, Base):
    """Who changes the installed set of a workspace now; others wait until `until`.

    `owner` names the process of the holder: one that is dead is not waited for.
    """

    __tablename__ = "install_locks"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(40))
    owner: Mapped[str | None] = mapped_column(String(200))
    until: Mapped[datetime]
