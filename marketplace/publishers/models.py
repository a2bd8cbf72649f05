"""Tables of publishers: who they are, who belongs to them, what they sign and publish with."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


class PublisherRow(Base):
    """A person or an organisation that publishes, a workspace that keeps its own, or the core.

    `kind` is person, organisation, workspace or core. What a workspace publishes by installing a
    file is seen by that workspace (`workspace_id`) only.
    """

    __tablename__ = "publishers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    verified: Mapped[bool]
    homepage: Mapped[str | None] = mapped_column(Text)
    workspace_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]


class PublisherMember(Base):
    """A user who publishes for a publisher; `role` is owner or maintainer."""

    __tablename__ = "publisher_members"
    __table_args__ = (Index(None, "user_id"),)

    publisher_id: Mapped[str] = mapped_column(
        ForeignKey("publishers.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(12))
    added_at: Mapped[datetime]


class PublisherKey(Base):
    """A public Ed25519 key that a publisher signs packages with.

    `id` is the SHA-256 of its 32 bytes in hex, `public` the key in base64.
    """

    __tablename__ = "publisher_keys"
    __table_args__ = (Index(None, "publisher_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    publisher_id: Mapped[str] = mapped_column(ForeignKey("publishers.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    public: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(200))
    revoked_at: Mapped[datetime | None]


class PublishingToken(Base):
    """An API token that publishes for one publisher only, or for one extension of it only."""

    __tablename__ = "publishing_tokens"
    __table_args__ = (Index(None, "publisher_id"),)

    token_id: Mapped[str] = mapped_column(
        ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True
    )
    publisher_id: Mapped[str] = mapped_column(ForeignKey("publishers.id", ondelete="CASCADE"))
    extension_id: Mapped[str | None] = mapped_column(String(64))
