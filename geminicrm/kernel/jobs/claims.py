"""Claims: who takes which jobs, in turns, so that a noisy one starves nobody."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select, text, update
from sqlalchemy.orm import aliased

from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.jobs.jobs import AT_ONCE
from geminicrm.kernel.jobs.kinds import Claimed
from geminicrm.kernel.jobs.models import JOBS, RUNNING, Job
from geminicrm.kernel.jobs.settling import pause_after, queued
from geminicrm.kernel.outbox import EVENTS, stored_event
from geminicrm.kernel.work import Work

LEASE_SECONDS: Final = 60
GROUP: Final = 50
"""So many jobs of one queue are taken at once."""
_SUSPECT: Final = 2
"""What has been in the hands of so many workers that were killed may be the reason."""
# As the index has it, word for word: SQLite uses a partial index for nothing else.
_OPEN: Final = "state IN ('queued', 'running')"
# From one queue to the next by the index: a million jobs of one queue are passed in one step.
_QUEUES: Final = text(
    f"WITH RECURSIVE queues(queue) AS (SELECT MIN(queue) FROM jobs WHERE {_OPEN} "  # noqa: S608 - our own words
    f"UNION ALL SELECT (SELECT MIN(jobs.queue) FROM jobs WHERE {_OPEN} "
    "AND jobs.queue > queues.queue) FROM queues WHERE queues.queue IS NOT NULL) "
    "SELECT queue FROM queues WHERE queue IS NOT NULL AND EXISTS (SELECT 1 FROM jobs "
    f"WHERE jobs.queue = queues.queue AND {_OPEN} AND jobs.due_at <= :now)"
).bindparams(bindparam("now", type_=Job.due_at.type))
_EARLIER = aliased(Job)
_FIRST_OF_ITS_RECORD = Job.order_key.is_(None) | ~(
    select(1)
    .where(
        _EARLIER.kind == Job.kind,
        _EARLIER.target == Job.target,
        _EARLIER.order_key == Job.order_key,
        _EARLIER.position < Job.position,
        _EARLIER.order_key.is_not(None),
        text("jobs_1.state IN ('queued', 'running')"),
    )
    .exists()
)


def due_queues(work: Work) -> list[str]:
    """Name the queues that hold something due, in the order of their names."""
    return list(work.session.scalars(_QUEUES, {"now": work.now}))


def in_turns(queues: Iterable[str], last: str) -> list[str]:
    """Order queues so that workspaces take turns and, within each, its queues do.

    The queue that was served last comes last.
    """
    ordered = sorted(queues)
    begin = next((index for index, queue in enumerate(ordered) if queue > last), 0)
    by_workspace: dict[str, list[str]] = {}
    for queue in (*ordered[begin:], *ordered[:begin]):
        by_workspace.setdefault(queue.partition("/")[0], []).append(queue)
    rounds = max((len(found) for found in by_workspace.values()), default=0)
    return [
        found[number]
        for number in range(rounds)
        for found in by_workspace.values()
        if number < len(found)
    ]


def take(
    work: Work,
    queue: str,
    kinds: Collection[str],
    owner: str,
    limit: int,
    held: Collection[str] = (),
) -> list[Claimed]:
    """Lease up to `limit` due jobs of a queue to `owner`, and none of those that he holds.

    One that was tried before is taken alone: it may be what killed its worker, and is to take
    nobody along a second time.
    """
    return _lease(work, owner, _due(work, queue, kinds, held).limit(limit))


def take_late(
    work: Work, queue: str, kinds: Collection[str], owner: str, held: Collection[str] = ()
) -> list[Claimed]:
    """Lease the job of a queue that is due longest of those which had to wait for their time.

    What is wanted at once comes first in every queue: one that never runs empty would let none of
    these pass.
    """
    late = _due(work, queue, kinds, held).where(Job.due_at > AT_ONCE)
    return _lease(work, owner, late.limit(1))


def _due(
    work: Work, queue: str, kinds: Collection[str], held: Collection[str]
) -> Select[tuple[Any, ...]]:
    others = [Job.id.not_in(held)] if held else []
    return (
        select(JOBS)
        .where(
            Job.queue == queue,
            text(f"jobs.{_OPEN}"),
            Job.due_at <= work.now,
            Job.kind.in_(kinds),
            _FIRST_OF_ITS_RECORD,
            *others,
        )
        .order_by(Job.due_at, Job.id)
        .with_for_update(skip_locked=True, of=Job)
    )


def _lease(work: Work, owner: str, which: Select[tuple[Any, ...]]) -> list[Claimed]:
    rows = _group(work.session.execute(which).all())
    if not rows:
        return []
    work.session.execute(
        update(JOBS)
        .where(JOBS.c.id.in_([row.id for row in rows]))
        .values(
            state=RUNNING,
            leased_by=owner,
            due_at=work.now + timedelta(seconds=LEASE_SECONDS),
            attempts=JOBS.c.attempts + 1,
            started_at=work.now,
            # What the attempt before has said of itself is over.
            progress=None,
            note=None,
        )
    )
    events = _events_of(work, rows)
    return [_claimed(row, events) for row in rows]


def renew(work: Work, owner: str, ids: Sequence[str]) -> None:
    """Renew the leases of jobs that are still worked on."""
    lease = work.now + timedelta(seconds=LEASE_SECONDS)
    work.session.execute(
        update(JOBS).where(JOBS.c.id.in_(ids), JOBS.c.leased_by == owner).values(due_at=lease)
    )


def to_be_cancelled(work: Work, owner: str) -> set[str]:
    """Name the jobs of a worker that somebody has cancelled."""
    mine = (JOBS.c.leased_by == owner, JOBS.c.state == RUNNING, JOBS.c.cancel_asked)
    return set(work.session.scalars(select(JOBS.c.id).where(*mine)))


def owners(work: Work) -> list[str]:
    """Name those who hold a lease."""
    return list(
        work.session.scalars(select(Job.leased_by).where(Job.leased_by.is_not(None)).distinct())
    )


def free(work: Work, owner: str) -> int:
    """Let go of all that a worker held which is gone; give how much that was.

    It is due at once. What was tried before comes later and later: it may be what kills workers,
    and those that work beside it are to have the time to end.
    """
    held = (JOBS.c.leased_by == owner, JOBS.c.state == RUNNING)
    tried = work.session.scalars(select(JOBS.c.attempts).where(*held).distinct()).all()
    count = 0
    for attempts in tried:
        pause = timedelta(seconds=0 if attempts < _SUSPECT else pause_after(attempts + 1))
        due_at = work.now + pause if pause else AT_ONCE
        found = work.session.execute(
            update(JOBS)
            .where(*held, JOBS.c.attempts == attempts)
            .values(leased_by=None, **queued(work, due_at))
        )
        count += int(found.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of an update
    return count


def _group(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    if rows and rows[0].attempts > 0:
        return rows[:1]
    return [row for row in rows if row.attempts == 0]


def _events_of(work: Work, rows: Sequence[Row[Any]]) -> dict[str, StoredEvent]:
    wanted = {row.event_id for row in rows if row.event_id is not None}
    if not wanted:
        return {}
    found = work.session.execute(select(EVENTS).where(EVENTS.c.id.in_(wanted)))
    return {row.id: stored_event(row, row.position) for row in found}


def _claimed(row: Row[Any], events: Mapping[str, StoredEvent]) -> Claimed:
    return Claimed(
        id=row.id,
        workspace_id=row.workspace_id,
        kind=row.kind,
        target=row.target,
        queue=row.queue,
        payload=row.payload or {},
        event=events.get(row.event_id),
        order_key=row.order_key,
        position=row.position,
        attempt=row.attempts + 1,
        max_attempts=row.max_attempts,
        seconds=row.seconds,
        created_at=row.created_at,
        cancel_asked=row.cancel_asked,
    )
