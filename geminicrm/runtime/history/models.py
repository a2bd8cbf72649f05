"""The rows of what was and what is on its way: runs, earlier versions, removals, origins."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args

ORDER: Final = "order"
"""The kind of the run that holds an order of several changes together."""


class Run(WorkspaceOwned, Base):
    """One change of the installed set and its journal.

    `kind` is install, upgrade, rollback, return, restore or uninstall, or order for what holds
    several of them together; `state` is running, done, undone or
    failed. `step` is written before the step acts; `facts` hold what finishing or undoing takes,
    secrets sealed. `owner` names the process that works on it, so that it can be told whether that
    still lives. Runs of one order share `group_id`.
    """

    __tablename__ = "install_runs"
    __table_args__ = tenant_args(Index(None, "state"), Index(None, "workspace_id", "extension_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(40))
    extension_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    step: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]]
    from_version: Mapped[str | None] = mapped_column(String(100))
    from_digest: Mapped[str | None] = mapped_column(String(80))
    to_version: Mapped[str | None] = mapped_column(String(100))
    to_digest: Mapped[str | None] = mapped_column(String(80))
    owner: Mapped[str] = mapped_column(String(200))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(40))
    actor_label: Mapped[str] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class InstalledVersion(WorkspaceOwned, Base):
    """One version as an installation had it, so that it can be gone back to.

    `until` and `outcome` (replaced, returned, rolled_back) are None for the present one; settings
    and secrets are those it had when it was left.
    """

    __tablename__ = "installed_versions"
    __table_args__ = tenant_args(Index(None, "workspace_id", "extension_id", "since"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    installation_id: Mapped[str] = mapped_column(String(40))
    extension_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(80), index=True)
    registry_id: Mapped[str] = mapped_column(String(40))
    publisher_id: Mapped[str | None] = mapped_column(String(40))
    signed_by: Mapped[str | None] = mapped_column(String(64))
    manifest: Mapped[dict[str, Any]]
    granted: Mapped[list[str]]
    settings: Mapped[dict[str, Any]]
    secrets: Mapped[str | None] = mapped_column(Text)
    trusted: Mapped[bool]
    built_in: Mapped[bool]
    hooks: Mapped[list[str] | None]
    level: Mapped[dict[str, Any] | None]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(Text)


class RemovedInstallation(WorkspaceOwned, Base):
    """What was uninstalled and can still be brought back until `expires_at`.

    `facts` are the columns of the installation as it was, and under `connections` what is kept of
    those; `data` is keep or purge. Documents of a
    purge are set aside under this row's id until then, out of reach of a new installation.
    """

    __tablename__ = "removed_installations"
    __table_args__ = tenant_args(Index(None, "expires_at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(80), index=True)
    facts: Mapped[dict[str, Any]]
    data: Mapped[str] = mapped_column(String(8))
    documents: Mapped[int] = mapped_column(Integer)
    removed_by: Mapped[str] = mapped_column(String(200))
    removed_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ExtensionOrigin(WorkspaceOwned, Base):
    """The registry and publisher that an extension id came from first; it stays bound to them."""

    __tablename__ = "extension_origins"
    __table_args__ = tenant_args(UniqueConstraint("workspace_id", "extension_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64))
    registry_id: Mapped[str] = mapped_column(String(40))
    publisher_id: Mapped[str | None] = mapped_column(String(40))
    first_at: Mapped[datetime]


class WatchCount(WorkspaceOwned, Base):
    """How many calls one process made into a version while it is watched, and how many failed."""

    __tablename__ = "watch_counts"
    __table_args__ = tenant_args(UniqueConstraint("installation_id", "digest", "worker_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    installation_id: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(80))
    worker_id: Mapped[str] = mapped_column(String(40))
    calls: Mapped[int] = mapped_column(BigInteger, default=0)
    failures: Mapped[int] = mapped_column(BigInteger, default=0)
    last_failure: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime]
