"""Tables of signing: the registry's keys, and the documents that it signs as a whole."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


class RegistryKey(Base):
    """A key of this registry; `state` is next, active or retired, `secret` is encrypted.

    `id` is the SHA-256 of the 32 bytes of the public key in hex, `public` those in base64.
    """

    __tablename__ = "registry_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    public: Mapped[str] = mapped_column(String(64))
    secret: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime]
    active_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class SignedDocument(Base):
    """A document that this registry signs as a whole: its key set, its notices.

    `serial` rises with every change, so that nobody can be shown an older one.
    """

    __tablename__ = "signed_documents"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)
    signatures: Mapped[list[dict[str, Any]]]
    made_at: Mapped[datetime]
