"""Care of the rows: leases of the dead, clocks that jump, what is kept long enough."""

import math
import time
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import and_, delete, or_, select

from geminicrm.kernel.jobs import claims
from geminicrm.kernel.jobs.clock_jumps import set_ahead, set_back
from geminicrm.kernel.jobs.models import CANCELLED, DEAD, DONE, JOBS, Job
from geminicrm.kernel.outbox import EVENTS, OutboxEvent, OutboxPosition
from geminicrm.kernel.owners import is_dead
from geminicrm.kernel.work import Work, Works

DONE_DAYS: Final = 7
DEAD_DAYS: Final = 90
EVENT_DAYS: Final = 30
_LOOK_SECONDS: Final = 1.0
_JUMP_SECONDS: Final = 5.0
_DAY_SECONDS: Final = 86_400.0
_BATCH: Final = 2_000
_PARTS: Final = 20
_log = structlog.get_logger(__name__)


class Care:
    """Looks after the rows of one database, from one worker among others."""

    def __init__(self, works: Works, owner: str) -> None:
        self._works = works
        self._owner = owner
        self._looked = -_LOOK_SECONDS
        self._offset: float | None = None
        self._distrusted_until = 0.0

    def step(self) -> None:
        """Do what is due, before anything is taken; cheap where nothing is."""
        self._follow_clock()
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            self._free_the_dead()

    def sweep(self) -> None:
        """Remove what was kept long enough, a part of it at a time.

        Nothing goes for a day after the clock was set ahead by more than a day: it may be wrong,
        and what is gone does not come back when it is set right.
        """
        if time.monotonic() < self._distrusted_until:
            return
        for remove in (_sweep_jobs, _sweep_events):
            for _part in range(_PARTS):
                with self._works.across_workspaces("jobs: sweep", write=True) as work:
                    count = remove(work)
                if count < _BATCH:
                    break

    def _follow_clock(self) -> None:
        # This one goes on while the machine sleeps, and nobody sets it.
        offset = self._works.clock.now().timestamp() - time.clock_gettime(time.CLOCK_BOOTTIME)
        # Nobody knows what the clock did before this process: it may have been set back.
        ahead = -math.inf if self._offset is None else offset - self._offset
        if abs(ahead) > _JUMP_SECONDS:
            with self._works.across_workspaces("jobs: the clock was set", write=True) as work:
                if ahead > 0:
                    set_ahead(work, ahead)
                else:
                    set_back(work)
            if ahead > _DAY_SECONDS:
                self._distrusted_until = time.monotonic() + _DAY_SECONDS
            # Now only: where the database was away the rows are still to be mended.
            self._offset = offset

    def _free_the_dead(self) -> None:
        with self._works.across_workspaces("jobs: look for dead workers") as work:
            others = [one for one in claims.owners(work) if one != self._owner]
        for dead in filter(is_dead, others):
            with self._works.across_workspaces("jobs: free what it held", write=True) as work:
                count = claims.free(work, dead)
            if count:
                _log.warning("took over what a killed worker held", worker=dead, jobs=count)


def _sweep_jobs(work: Work) -> int:
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
    found = work.session.execute(delete(JOBS).where(Job.id.in_(old.scalar_subquery())))
    return int(found.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of a delete


def _sweep_events(work: Work) -> int:
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
        return 0
    work.session.execute(delete(EVENTS).where(OutboxEvent.id.in_([row.id for row in rows])))
    counter = work.session.get(OutboxPosition, 1, with_for_update=True)
    if counter is not None:
        counter.pruned = max(counter.pruned, *(row.position for row in rows))
    return len(rows)
