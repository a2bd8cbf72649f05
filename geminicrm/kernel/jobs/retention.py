"""How long jobs and events are kept, and what goes when its time is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import ColumnElement, delete, func, select

from geminicrm.kernel.jobs.models import CANCELLED, DEAD, DONE, JOBS, Job
from geminicrm.kernel.outbox import EVENTS, OutboxEvent, OutboxPosition
from geminicrm.kernel.work import Work

DONE_DAYS: Final = 7
DEAD_DAYS: Final = 90
EVENT_DAYS: Final = 30
WARN_DAYS: Final = 7
"""So long before a dead letter goes it is told."""
BATCH: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """Some jobs of one queue that have failed for good.

    The first of them goes, or has gone, at `removed_at`; `kind` is one of theirs.
    """

    workspace_id: str
    queue: str
    target: str
    kind: str
    count: int
    removed_at: datetime


class Keeper(Protocol):
    """Who hears of dead letters whose time is over, in the transaction that finds them."""

    def leaving(self, work: Work, found: Sequence[DeadLetters]) -> None:
        """Hear now and then of all that will go within `WARN_DAYS`."""
        ...

    def removed(self, work: Work, gone: Sequence[DeadLetters]) -> None:
        """Hear of those that have just gone."""
        ...


def leaving(work: Work) -> list[DeadLetters]:
    """Tell by queue what will go within `WARN_DAYS`."""
    return _letters(work, Job.state == DEAD, Job.finished_at < _before(work, DEAD_DAYS - WARN_DAYS))


def sweep_dead(work: Work) -> tuple[int, list[DeadLetters]]:
    """Remove a part of the dead letters that were kept long enough; give what has gone."""
    old = (Job.state == DEAD, Job.finished_at < _before(work, DEAD_DAYS))
    ids = work.session.scalars(select(Job.id).where(*old).limit(BATCH)).all()
    if not ids:
        return 0, []
    gone = _letters(work, Job.id.in_(ids))
    work.session.execute(delete(JOBS).where(JOBS.c.id.in_(ids)))
    return len(ids), gone


def sweep_ended(work: Work) -> int:
    """Remove a part of the other jobs that have ended and were kept long enough."""
    ended = (Job.state.in_((DONE, CANCELLED)), Job.finished_at < _before(work, DONE_DAYS))
    old = select(Job.id).where(*ended).limit(BATCH)
    found = work.session.execute(delete(JOBS).where(Job.id.in_(old.scalar_subquery())))
    return int(found.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of a delete


def _before(work: Work, days: int) -> datetime:
    return work.now - timedelta(days=days)


def _letters(work: Work, *which: ColumnElement[bool]) -> list[DeadLetters]:
    rows = work.session.execute(
        select(
            Job.workspace_id,
            Job.queue,
            Job.target,
            func.min(Job.kind).label("kind"),
            func.count().label("number"),
            func.min(Job.finished_at).label("first"),
        )
        .where(*which)
        .group_by(Job.workspace_id, Job.queue, Job.target)
        .order_by(Job.queue)
    )
    return [
        DeadLetters(
            workspace_id=row.workspace_id,
            queue=row.queue,
            target=row.target,
            kind=row.kind,
            count=row.number,
            removed_at=row.first + timedelta(days=DEAD_DAYS),
        )
        for row in rows
    ]


def sweep_events(work: Work) -> int:
    """Remove old events that nobody is still to be told of, and say so to the feed."""
    rows = work.session.execute(
        select(OutboxEvent.id, OutboxEvent.position)
        .where(
            OutboxEvent.position.is_not(None),
            OutboxEvent.occurred_at < work.now - timedelta(days=EVENT_DAYS),
            ~select(Job.id).where(Job.event_id == OutboxEvent.id).exists(),
        )
        .order_by(OutboxEvent.position)
        .limit(BATCH)
    ).all()
    if not rows:
        return 0
    work.session.execute(delete(EVENTS).where(OutboxEvent.id.in_([row.id for row in rows])))
    counter = work.session.get(OutboxPosition, 1, with_for_update=True)
    if counter is not None:
        counter.pruned = max(counter.pruned, *(row.position for row in rows))
    return len(rows)
