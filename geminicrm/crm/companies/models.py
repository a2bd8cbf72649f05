"""The table of companies."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.crm.shared.models import RecordRow, record_args


class Company(RecordRow):
    """An organisation."""

    __tablename__ = "companies"
    __table_args__ = record_args(Index(None, "workspace_id", "domain"))

    name: Mapped[str] = mapped_column(String(200))
    domain: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(500))
    size: Mapped[str | None] = mapped_column(String(40))
    industry: Mapped[str | None] = mapped_column(String(120))
