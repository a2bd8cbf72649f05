"""The table of leads."""

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.crm.shared.models import Addressed, RecordRow, record_args


class Lead(Addressed, RecordRow):
    """Somebody who may buy one day."""

    __tablename__ = "leads"
    __table_args__ = record_args(
        Index(None, "workspace_id", "status", "id"), Index(None, "workspace_id", "email_key")
    )

    first_name: Mapped[str | None] = mapped_column(String(120))
    last_name: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    company: Mapped[str | None] = mapped_column(String(254))
    title: Mapped[str | None] = mapped_column(String(120))
    source: Mapped[str | None] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
