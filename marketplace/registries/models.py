"""The table of registries that this CRM takes packages from."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


class RegistryRow(Base):
    """One registry; `url` is None for the embedded one.

    `keys` is the key set that is pinned, `notices` the last good ones; both have serials that
    never go down.
    """

    __tablename__ = "registries"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    url: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool]
    token: Mapped[str | None] = mapped_column(Text)  # encrypted
    keys: Mapped[list[dict[str, Any]]]
    keys_serial: Mapped[int] = mapped_column(BigInteger)
    notices: Mapped[dict[str, Any] | None]
    notices_serial: Mapped[int] = mapped_column(BigInteger)
    checked_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
