"""The audit log: append-only, one row per change, grant, install, outside call and sign-in."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args


class AuditEntry(WorkspaceOwned, Base):
    """Who did what to which thing, and what changed."""

    __tablename__ = "audit_log"
    __table_args__ = tenant_args(Index(None, "workspace_id", "subject", "at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    actor_label: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80))
    changes: Mapped[dict[str, Any]]
