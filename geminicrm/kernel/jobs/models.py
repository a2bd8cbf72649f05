"""The tables of jobs: what is to be done, and what comes round."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Table, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.tenancy import WorkspaceOwned, tenant_args

QUEUED: Final = "queued"
RUNNING: Final = "running"
DONE: Final = "done"
DEAD: Final = "dead"
CANCELLED: Final = "cancelled"
STATES: Final = (QUEUED, RUNNING, DONE, DEAD, CANCELLED)
OPEN: Final = (QUEUED, RUNNING)
ENDED: Final = (DONE, DEAD, CANCELLED)
AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a job is due that was asked for without delay, whatever the clock says meanwhile."""

_OPEN = text("state IN ('queued', 'running')")
_ENDED = text("state IN ('done', 'dead', 'cancelled')")
_OPEN_AND_UNIQUE = text("unique_key IS NOT NULL AND state IN ('queued', 'running')")
_OPEN_AND_ORDERED = text("order_key IS NOT NULL AND state IN ('queued', 'running')")
_OF_AN_EVENT = text("event_id IS NOT NULL")
_LEASED = text("leased_by IS NOT NULL")
_HELD = text("held")
_FINISHED = text("finished_at IS NOT NULL")


def _index(name: str, *columns: str, where: Any, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class Job(WorkspaceOwned, Base):
    """One piece of work; `workspace_id` is empty for the CRM's own.

    `kind` names the code that does it, `target` whom it is done for (an installation, say), `queue`
    those who take turns with the others: see `queue_of`. `due_at` is when it may be taken: while it
    is queued, the time it was asked for (the epoch for at once, so that a clock set back delays
    nothing); while it runs, the end of the lease of `leased_by`. Of the open jobs of one kind,
    target and `order_key` only the one with the lowest `position` may be taken; one that is `held`
    was put off because of that. There is at most one open job of a kind with a `unique_key` in a
    workspace, and one of a kind and target for an event.

    `attempts` counts those that are known to have begun, `killed` the workers that were killed with
    the job in their hands, `unsure` those among them of which nobody knows whether they had begun
    it. `started_at` is when the
    last attempt began; of a job that runs it is empty until that is known. `tries` tells of the
    last attempts that failed: when they ended (`at`), `seconds`, `worker`, `error`.
    """

    __tablename__ = "jobs"
    __table_args__ = tenant_args(
        _index("ix_jobs_due", "queue", "due_at", "id", where=_OPEN),
        _index("ix_jobs_event", "event_id", "kind", "target", where=_OF_AN_EVENT, unique=True),
        _index("ix_jobs_unique", "workspace_id", "kind", "unique_key", where=_OPEN_AND_UNIQUE,
               unique=True),
        _index("ix_jobs_order", "kind", "target", "order_key", "position",
               where=_OPEN_AND_ORDERED),
        _index("ix_jobs_leased", "leased_by", where=_LEASED),
        _index("ix_jobs_ended", "workspace_id", "state", "target", "id", where=_ENDED),
        _index("ix_jobs_held", "order_key", where=_HELD),
        _index("ix_jobs_finished", "state", "finished_at", where=_FINISHED),
        Index(None, "workspace_id", "state", "id"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(80), default="")
    queue: Mapped[str] = mapped_column(String(130))
    event_id: Mapped[str | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    order_key: Mapped[str | None] = mapped_column(String(80))
    position: Mapped[int | None] = mapped_column(BigInteger)
    unique_key: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(12), default=QUEUED)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    max_attempts: Mapped[int] = mapped_column(Integer)
    killed: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    unsure: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    tries: Mapped[list[dict[str, Any]] | None]
    seconds: Mapped[int] = mapped_column(Integer)
    leased_by: Mapped[str | None] = mapped_column(String(200))
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(String(300))
    result: Mapped[dict[str, Any] | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Schedule(WorkspaceOwned, Base):
    """Work that comes round: what becomes a job at `next_at`, and then at the next time after it.

    `cron` has five fields and is read in `zone` (IANA). `target` and `name` name it within its
    workspace and kind. `last_job_id` is the job it became last.
    """

    __tablename__ = "schedules"
    __table_args__ = tenant_args(
        Index(None, "workspace_id", "kind", "target", "name", unique=True),
        Index(None, "next_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(80), default="")
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(String(300), default="")
    cron: Mapped[str] = mapped_column(String(100))
    zone: Mapped[str] = mapped_column(String(64))
    seconds: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool] = mapped_column(default=True)
    next_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    last_job_id: Mapped[str | None] = mapped_column(String(40))
    failures: Mapped[int] = mapped_column(Integer, default=0)


# As tables, for statements about many rows, which know no workspace.
JOBS: Final[Table] = Base.metadata.tables["jobs"]
SCHEDULES: Final[Table] = Base.metadata.tables["schedules"]
