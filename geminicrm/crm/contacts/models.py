"""The table of contacts."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.crm.shared.models import RecordRow, record_args
from geminicrm.kernel.tenancy import tenant_fk


class Contact(RecordRow):
    """A person."""

    __tablename__ = "contacts"
    __table_args__ = record_args(
        tenant_fk("company_id", "companies"), Index(None, "workspace_id", "company_id", "id")
    )

    first_name: Mapped[str | None] = mapped_column(String(120))
    last_name: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    title: Mapped[str | None] = mapped_column(String(120))
    company_id: Mapped[str | None] = mapped_column(String(40))
