"""Tables of the registry: what was published here; shared by every workspace.

Publishers, reviews, moderation and the rest have rooms and tables of their own.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


def _own_id(context: Any) -> Any:
    return context.get_current_parameters()["id"]


class RegistryExtension(Base):
    """One extension: who publishes it and what its newest good version says of itself.

    `extension_id` is its id; `id` is the same for a public one. An id belongs to its first public
    publisher for good; that one's name and mark are kept here too, so that a page of results takes
    one query. `visibility` is public, or private to `workspace_id`, or shelved there: see
    `marketplace.visibility`.
    `featured` is its place among those that are shown first. Ratings are those that are not hidden.
    """

    __tablename__ = "registry_extensions"
    __table_args__ = (
        Index(None, "install_count", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "name_key", "id"),
        Index(None, "workspace_id", "extension_id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    extension_id: Mapped[str] = mapped_column(String(64), default=_own_id)
    publisher_id: Mapped[str] = mapped_column(String(40), index=True)
    publisher: Mapped[str] = mapped_column(String(120))
    verified: Mapped[bool]
    built_in: Mapped[bool]
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(240))  # the name as it is sorted
    description: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200))
    categories: Mapped[list[str]]
    keywords: Mapped[list[str]]
    latest_version: Mapped[str] = mapped_column(String(100))
    icon_digest: Mapped[str | None] = mapped_column(String(64))
    install_count: Mapped[int] = mapped_column(Integer, default=0)
    active_count: Mapped[int] = mapped_column(Integer, default=0)
    visibility: Mapped[str] = mapped_column(String(8), default="public")
    workspace_id: Mapped[str | None] = mapped_column(String(40))
    featured: Mapped[int | None] = mapped_column(Integer)
    rating_count: Mapped[int] = mapped_column(Integer, default=0)
    rating_sum: Mapped[int] = mapped_column(Integer, default=0)
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

    `extension_id` is the `id` of the extension's row. Immutable for everybody but the core, whose
    own extensions change with its code. `state` is pending, listed, rejected, quarantined or
    yanked. `signature` is the publisher's over the digest; `record` is what the registry says of
    the version, as the very text that it has signed.
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
    state: Mapped[str] = mapped_column(String(12), default="listed")
    state_reason: Mapped[str | None] = mapped_column(Text)
    state_at: Mapped[datetime | None]
    state_by: Mapped[str | None] = mapped_column(String(200))
    findings: Mapped[list[dict[str, Any]]]
    signature: Mapped[dict[str, Any] | None]
    record: Mapped[str | None] = mapped_column(Text, deferred=True)
    record_signatures: Mapped[list[dict[str, Any]] | None]
    storage_version: Mapped[int] = mapped_column(Integer, default=1)
    downloads: Mapped[int] = mapped_column(Integer, default=0)


class RegistryPicture(Base):
    """A screenshot of a version, in the order of its manifest; sizes in pixels."""

    __tablename__ = "registry_pictures"
    __table_args__ = (UniqueConstraint("version_id", "position"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("registry_versions.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    caption: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(40))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class PackageBlob(Base):
    """A package by the SHA-256 of its bytes in hex, where machines share nothing but a database."""

    __tablename__ = "package_blobs"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size: Mapped[int] = mapped_column(Integer)  # bytes
    made_at: Mapped[datetime]
