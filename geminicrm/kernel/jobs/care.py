"""Care of the rows: leases of the dead, clocks that jump, what is kept long enough."""

import time
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import and_, delete, or_, select

from geminicrm.kernel.jobs import claims
from geminicrm.kernel.jobs.models import CANCELLED, DEAD, DONE, JOBS, Job
from geminicrm.kernel.jobs.settling import RETRY_SECONDS
from geminicrm.kernel.outbox import EVENTS, OutboxEvent, OutboxPosition
from geminicrm.kernel.owners import is_dead
from geminicrm.kernel.work import Work, Works

DONE_DAYS: Final = 7
DEAD_DAYS: Final = 90
EVENT_DAYS: Final = 30
_LOOK_SECONDS: Final = 1.0
_JUMP_SECONDS: Final = 5.0
_BATCH: Final = 2_000
_FURTHEST_SECONDS: Final = max(claims.LEASE_SECONDS, RETRY_SECONDS[-1] * 1.1)
_log = structlog.get_logger(__name__)


class Care:
    """Looks after the rows of one database, from one worker among others."""

    def __init__(self, works: Works, owner: str) -> None:
        self._works = works
        self._owner = owner
        self._looked = -_LOOK_SECONDS
        self._offset: float | None = None
        self._ahead = 0.0

    def step(self) -> None:
        """Do what is due; cheap where nothing is."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        self._follow_clock()
        self._free_the_dead()

    def sweep(self, work: Work) -> None:
        """Remove what was kept long enough, a part of it at a time.

        Nothing goes while the clock is ahead of the time that has passed since this process began:
        it may have been set wrongly, and what is gone does not come back when it is set right.
        """
        if self._ahead > _JUMP_SECONDS:
            return
        _sweep_jobs(work)
        _sweep_events(work)

    def _follow_clock(self) -> None:
        # This one goes on while the machine sleeps, and nobody sets it.
        offset = self._works.clock.now().timestamp() - time.clock_gettime(time.CLOCK_BOOTTIME)
        before, self._offset = self._offset, offset
        if before is None:
            back = True  # nobody knows what the clock did before this process
        else:
            back = offset < before - _JUMP_SECONDS
            self._ahead += offset - before
        if back:
            with self._works.across_workspaces("jobs: the clock was set back", write=True) as work:
                claims.hold_to_clock(work, _FURTHEST_SECONDS)

    def _free_the_dead(self) -> None:
        with self._works.across_workspaces("jobs: look for dead workers") as work:
            others = [one for one in claims.owners(work) if one != self._owner]
        for dead in filter(is_dead, others):
            with self._works.across_workspaces("jobs: free what it held", write=True) as work:
                count = claims.free(work, dead)
            if count:
                _log.warning("took over what a killed worker held", worker=dead, jobs=count)


def _sweep_jobs(work: Work) -> None:
    ended = work.now - timedelta(days=DONE_DAYS)
    dead = work.now - timedelta(days=DEAD_DAYS)
    old = (
        select(Job.id)
        .where(
            or_(
                and_(Job.state.in_((DONE, CANCELLED)), Job.finished_at < ended),
                and_(Job.state == DEAD, Job.finished_at < dead),
            )
        )
        .limit(_BATCH)
    )
    work.session.execute(delete(JOBS).where(Job.id.in_(old.scalar_subquery())))


def _sweep_events(work: Work) -> None:
    """Remove old events that nobody is still to be told of, and say so to the feed."""
    rows = work.session.execute(
        select(OutboxEvent.id, OutboxEvent.position)
        .where(
            OutboxEvent.position.is_not(None),
            OutboxEvent.occurred_at < work.now - timedelta(days=EVENT_DAYS),
            ~select(Job.id).where(Job.event_id == OutboxEvent.id).exists(),
        )
        .order_by(OutboxEvent.position)
        .limit(_BATCH)
    ).all()
    if not rows:
        return
    work.session.execute(delete(EVENTS).where(OutboxEvent.id.in_([row.id for row in rows])))
    counter = work.session.get(OutboxPosition, 1, with_for_update=True)
    if counter is not None:
        counter.pruned = max(counter.pruned, *(row.position for row in rows))
