"""The columns that every record has."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WORKSPACE, WorkspaceOwned, tenant_args


class RecordRow(WorkspaceOwned, Base):
    """A record of the CRM: owned by a workspace, versioned, deleted softly.

    `sort_name` and `search_text` are made from the record's names by the service (lower case,
    without accents), because the two engines fold letters differently.
    """

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    owner_id: Mapped[str | None] = mapped_column(String(40))
    tags: Mapped[list[str]]
    custom: Mapped[dict[str, Any]]
    sort_name: Mapped[str] = mapped_column(String(200))
    search_text: Mapped[str] = mapped_column(Text)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:  # type: ignore[explicit-override]  # overrides only a type
        """Let the mapper count versions."""
        return {"version_id_col": cls.version}


class Addressed:
    """Marks a record that has an address; `email_key` is it as mail that comes in is filed by."""

    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254))


def record_args(*others: Any) -> tuple[Any, ...]:
    """Give the table arguments of a record: the tenant's key and an index for each order."""
    return tenant_args(
        Index(None, WORKSPACE, "updated_at", "id"),
        Index(None, WORKSPACE, "sort_name", "id"),
        Index(None, WORKSPACE, "owner_id", "id"),
        *others,
    )
