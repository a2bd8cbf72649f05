"""What becomes of times in the rows when the clock is set."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select, text, update

from geminicrm.kernel.jobs.claims import LEASE_SECONDS
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, QUEUED, RUNNING, Job
from geminicrm.kernel.jobs.schedules import plan_anew
from geminicrm.kernel.jobs.settling import RETRY_SECONDS
from geminicrm.kernel.work import Work

_POSTPONED_SECONDS: Final = 60
_MARGIN_SECONDS: Final = 5
_BATCH: Final = 2_000
# As the index has it, word for word.
_OPEN: Final = text("jobs.state IN ('queued', 'running')")
_WAITS: Final = (_OPEN, JOBS.c.state == QUEUED)


def set_ahead(work: Work, seconds: float) -> None:
    """Prolong the leases that were good before the clock was set ahead by so many seconds.

    Their holders live, and renew them in their time; whoever looks first would take what they do.
    """
    before = work.now - timedelta(seconds=seconds + _MARGIN_SECONDS)
    lease = work.now + timedelta(seconds=LEASE_SECONDS)
    work.session.execute(
        update(JOBS)
        .where(_OPEN, JOBS.c.state == RUNNING, JOBS.c.due_at > before, JOBS.c.due_at < lease)
        .values(due_at=lease)
    )


def set_back(work: Work) -> None:
    """Bring back what lies too far ahead since the clock was set back; may be done again.

    A lease and the pause after an attempt are as long as they ever are; what was asked for later is
    as far away as it was when it was asked for.
    """
    _bring(work, LEASE_SECONDS, JOBS.c.state == RUNNING)
    _bring(work, _POSTPONED_SECONDS, *_WAITS, JOBS.c.attempts == 0, JOBS.c.started_at.is_not(None))
    for attempts, seconds in enumerate(RETRY_SECONDS, 1):
        last = attempts == len(RETRY_SECONDS)
        tried = JOBS.c.attempts >= attempts if last else JOBS.c.attempts == attempts
        _bring(work, seconds, *_WAITS, tried)
    # Those of a record that wait for an earlier one: who comes first is told by the position.
    work.session.execute(
        update(JOBS).where(*_WAITS, text("jobs.held")).values(due_at=AT_ONCE, held=False)
    )
    _ask_anew(work)
    plan_anew(work)


def _bring(work: Work, seconds: float, *which: object) -> None:
    latest = work.now + timedelta(seconds=seconds)
    condition = (_OPEN, *which, JOBS.c.due_at > latest)
    work.session.execute(update(JOBS).where(*condition).values(due_at=latest))  # type: ignore[arg-type]  # columns and texts, which the stubs take apart


def _ask_anew(work: Work) -> None:
    """Take what was asked for in a time that is still to come as asked for now."""
    rows = work.session.scalars(
        select(Job)
        .where(_OPEN, Job.state == QUEUED, Job.started_at.is_(None), Job.created_at > work.now,
               Job.due_at > work.now)
        .limit(_BATCH)
    )  # fmt: skip
    for row in rows:
        row.due_at = work.now + (row.due_at - row.created_at)
        row.created_at = work.now
