"""The table of activities."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.crm.shared.models import RecordRow, record_args
from geminicrm.kernel.tenancy import tenant_fk

RELATED = {
    "lead": "lead_id",
    "contact": "contact_id",
    "company": "company_id",
    "deal": "deal_id",
}


class Activity(RecordRow):
    """A call, an e-mail, a meeting, a note or a task; belongs to at most one record."""

    __tablename__ = "activities"
    __table_args__ = record_args(
        tenant_fk("lead_id", "leads"),
        tenant_fk("contact_id", "contacts"),
        tenant_fk("company_id", "companies"),
        tenant_fk("deal_id", "deals"),
        Index(None, "workspace_id", "lead_id", "id"),
        Index(None, "workspace_id", "contact_id", "id"),
        Index(None, "workspace_id", "company_id", "id"),
        Index(None, "workspace_id", "deal_id", "id"),
        Index(None, "workspace_id", "due_at", "id"),
    )

    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    lead_id: Mapped[str | None] = mapped_column(String(40))
    contact_id: Mapped[str | None] = mapped_column(String(40))
    company_id: Mapped[str | None] = mapped_column(String(40))
    deal_id: Mapped[str | None] = mapped_column(String(40))
