"""The table of reviews."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


class Review(Base):
    """What a workspace that had an extension installed thinks of it; one for each of both.

    `rating` is 1 to 5, `version` the one that was installed then. The workspace is never shown.
    """

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("extension_id", "workspace_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(
        ForeignKey("registry_extensions.id", ondelete="CASCADE")
    )
    workspace_id: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[str] = mapped_column(String(40))
    author: Mapped[str] = mapped_column(String(120))
    rating: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    reply: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str | None] = mapped_column(Text)
