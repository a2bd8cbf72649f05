"""The tables of pipelines and their stages."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args, tenant_fk

_DEFAULT = text("is_default")


class Pipeline(WorkspaceOwned, Base):
    """A way that deals take."""

    __tablename__ = "pipelines"
    __table_args__ = tenant_args(
        Index("uq_pipelines_default", "workspace_id", unique=True, sqlite_where=_DEFAULT,
              postgresql_where=_DEFAULT),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(200))
    is_default: Mapped[bool]
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's way


class Stage(WorkspaceOwned, Base):
    """One step of a pipeline; `position` orders them, `kind` says whether it ends a deal."""

    __tablename__ = "pipeline_stages"
    __table_args__ = tenant_args(
        tenant_fk("pipeline_id", "pipelines", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "pipeline_id", "key"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    pipeline_id: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    probability: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(10))
    position: Mapped[int] = mapped_column(Integer)
