"""The table of contacts."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.crm.shared.models import Addressed, RecordRow, record_args
from geminicrm.kernel.tenancy import tenant_fk


class Contact(Addressed, RecordRow):
    """A person."""

    __tablename__ = "contacts"
    __table_args__ = record_args(
        tenant_fk("company_id", "companies"),
        Index(None, "workspace_id", "company_id", "id"),
        Index(None, "workspace_id", "email_key"),
    )

    first_name: Mapped[str | None] = mapped_column(String(120))
    last_name: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    title: Mapped[str | None] = mapped_column(String(120))
    company_id: Mapped[str | None] = mapped_column(String(40))
