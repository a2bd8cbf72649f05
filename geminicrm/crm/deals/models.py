"""The table of deals."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.crm.shared.models import RecordRow, record_args
from geminicrm.kernel.tenancy import tenant_fk


class Deal(RecordRow):
    """A sale on its way."""

    __tablename__ = "deals"
    __table_args__ = record_args(
        tenant_fk("pipeline_id", "pipelines"),
        tenant_fk("stage_id", "pipeline_stages"),
        tenant_fk("contact_id", "contacts"),
        tenant_fk("company_id", "companies"),
        Index(None, "workspace_id", "stage_id", "id"),
        Index(None, "workspace_id", "contact_id", "id"),
        Index(None, "workspace_id", "company_id", "id"),
        Index(None, "workspace_id", "amount_minor", "id"),
        Index(None, "workspace_id", "expected_close_on", "id"),
    )

    name: Mapped[str] = mapped_column(String(200))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    pipeline_id: Mapped[str] = mapped_column(String(40))
    stage_id: Mapped[str] = mapped_column(String(40))
    contact_id: Mapped[str | None] = mapped_column(String(40))
    company_id: Mapped[str | None] = mapped_column(String(40))
    expected_close_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(10))
    lost_reason: Mapped[str | None] = mapped_column(String(500))
    closed_at: Mapped[datetime | None]
