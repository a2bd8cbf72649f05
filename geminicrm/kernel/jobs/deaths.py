"""What workers leave behind that were killed: who takes it over, and what it has cost the job."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, select, update

from geminicrm.kernel.jobs.holding import records_of, wake_followers
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, RUNNING, Job
from geminicrm.kernel.jobs.settling import KILLED, pause_after, queued
from geminicrm.kernel.jobs.tries import Try, failed_try, with_try
from geminicrm.kernel.work import Work

_SILENT: Final = "its worker was not heard of any more"
_SUSPECT: Final = 2
"""What has been in the hands of so many workers that were killed may be the reason."""


def owners(work: Work) -> list[str]:
    """Name those who hold a lease."""
    return list(
        work.session.scalars(select(Job.leased_by).where(Job.leased_by.is_not(None)).distinct())
    )


def free(work: Work, owner: str) -> int:
    """Let go of all that a worker held which is gone; give how much that was.

    It is due at once, and what is not known to have begun has lost no attempt. What was tried
    before comes later and later: it may be what kills workers, and those that work beside it are to
    have the time to end.
    """
    held = (JOBS.c.leased_by == owner, JOBS.c.state == RUNNING)
    rows = work.session.execute(select(JOBS).where(*held)).all()
    work.session.execute(
        update(JOBS)
        .where(*held, JOBS.c.started_at.is_(None))
        .values(
            leased_by=None,
            killed=JOBS.c.killed + 1,
            unsure=JOBS.c.unsure + 1,
            **queued(work, AT_ONCE),
        )
    )
    for row in rows:
        if row.started_at is not None:
            work.session.execute(
                update(JOBS).where(*held, JOBS.c.id == row.id).values(_begun_and_killed(work, row))
            )
    wake_followers(work, records_of(rows))
    return len(rows)


def _begun_and_killed(work: Work, row: Row[Any]) -> dict[str, Any]:
    deaths = row.killed + 1
    pause = timedelta(seconds=0 if deaths < _SUSPECT else pause_after(deaths + 1))
    return {
        "killed": deaths,
        "leased_by": None,
        "last_error": KILLED,
        "tries": _with_death(work, row, KILLED),
        **queued(work, work.now + pause if pause else AT_ONCE),
    }


def _with_death(work: Work, row: Row[Any], why: str) -> list[Try]:
    seconds = (work.now - row.started_at).total_seconds()
    return with_try(row.tries, failed_try(work, row.leased_by, seconds, why))


def lost(work: Work, row: Row[Any]) -> dict[str, Any]:
    """Give what is to be kept of a worker whose lease ran out; it had this one job alone here."""
    if row.state != RUNNING:
        return {}
    if row.started_at is None:
        return {"killed": row.killed + 1, "unsure": row.unsure + 1}
    return {"killed": row.killed + 1, "tries": _with_death(work, row, _SILENT)}
