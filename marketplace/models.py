"""Tables of the registry: what was published here; shared by every workspace."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


class RegistryExtension(Base):
    """One extension: who publishes it and what its newest good version says of itself.

    The id belongs to its first publisher (`publisher_id`, a workspace or the core) for good.
    """

    __tablename__ = "registry_extensions"
    __table_args__ = (
        Index(None, "install_count", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "name_key", "id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    publisher_id: Mapped[str] = mapped_column(String(40))
    publisher: Mapped[str] = mapped_column(String(120))
    verified: Mapped[bool]
    built_in: Mapped[bool]
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(240))  # the name as it is sorted
    description: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200))
    categories: Mapped[list[str]]
    keywords: Mapped[list[str]]
    search_text: Mapped[str] = mapped_column(Text)
    latest_version: Mapped[str] = mapped_column(String(100))
    icon_digest: Mapped[str | None] = mapped_column(String(64))
    install_count: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RegistryCategory(Base):
    """One extension stands in one category."""

    __tablename__ = "registry_categories"
    __table_args__ = (Index(None, "category"),)

    extension_id: Mapped[str] = mapped_column(
        ForeignKey("registry_extensions.id", ondelete="CASCADE"), primary_key=True
    )
    category: Mapped[str] = mapped_column(String(64), primary_key=True)


class RegistryVersion(Base):
    """One published version; the package itself is the file that `digest` names.

    Immutable for everybody but the core, whose own extensions change with its code.
    """

    __tablename__ = "registry_versions"
    __table_args__ = (UniqueConstraint("extension_id", "version"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    extension_id: Mapped[str] = mapped_column(
        ForeignKey("registry_extensions.id", ondelete="CASCADE")
    )
    version: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64), index=True)  # SHA-256 in hex
    size: Mapped[int] = mapped_column(Integer)  # bytes
    manifest: Mapped[dict[str, Any]]
    readme: Mapped[str] = mapped_column(Text, deferred=True)
    changelog: Mapped[str] = mapped_column(Text, deferred=True)
    icon: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    code_url: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(String(200))
