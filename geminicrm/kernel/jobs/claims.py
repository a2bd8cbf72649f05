"""Claims: who takes which jobs, in turns, so that a noisy one starves nobody."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, bindparam, case, select, text, update

from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.jobs.deaths import lost
from geminicrm.kernel.jobs.holding import PREDECESSOR, hold
from geminicrm.kernel.jobs.kinds import Claimed
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, QUEUED, RUNNING, Job
from geminicrm.kernel.outbox import EVENTS, stored_event
from geminicrm.kernel.work import Work

LEASE_SECONDS: Final = 60
GROUP: Final = 50
"""So many jobs of one queue are taken at once."""
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
# Where nothing is found among the first: so many more are looked at, so many times.
_WINDOW: Final = 500
_LOOKS: Final = 20


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


@dataclass(frozen=True)
class Claim:
    """Who takes from which queue: `owner`, who does jobs of some kinds.

    None of those that he holds (`held`), `most` at most; without `suspects` nothing that a worker
    was killed over.
    """

    queue: str
    kinds: Collection[str]
    owner: str
    held: Collection[str] = ()
    suspects: bool = True
    most: int = GROUP


def take(work: Work, claim: Claim) -> list[Claimed]:
    """Lease due jobs of a queue to whom claims them.

    One that was tried before is taken alone: it may be what killed its worker, and is to take
    nobody along a second time. The first one is begun at once, so its attempt is counted with the
    lease; the others have lost none if their worker is killed before it comes to them.
    """
    return _lease(work, claim.owner, _found(work, _due(work, claim), claim.most))


def take_late(work: Work, claim: Claim) -> list[Claimed]:
    """Lease the job of a queue that is due longest of those which had to wait for their time.

    What is wanted at once comes first in every queue: one that never runs empty would let none of
    these pass.
    """
    late = _due(work, claim).where(Job.due_at > AT_ONCE)
    return _lease(work, claim.owner, _found(work, late, 1))


def _due(work: Work, claim: Claim) -> Select[tuple[Any, ...]]:
    others: list[ColumnElement[bool]] = [Job.id.not_in(claim.held)] if claim.held else []
    if not claim.suspects:
        others += [Job.killed == 0, Job.state == QUEUED]
    return (
        select(JOBS, PREDECESSOR.label("after"))
        .where(
            Job.queue == claim.queue,
            text(f"jobs.{_OPEN}"),
            Job.due_at <= work.now,
            Job.kind.in_(claim.kinds),
            *others,
        )
        .order_by(Job.due_at, Job.id)
        .with_for_update(skip_locked=True, of=Job)
    )


def _found(work: Work, due: Select[tuple[Any, ...]], limit: int) -> Sequence[Row[Any]]:
    """Give what may be taken together; what waits for an earlier job is put off on the way."""
    window = limit
    for _look in range(_LOOKS):
        rows = work.session.execute(due.limit(window)).all()
        taken, waiting = _chosen(rows)
        put_off = hold(work, waiting) if waiting else 0
        if taken or not put_off:
            return taken[:limit]
        window = _WINDOW
    return []


def _chosen(rows: Sequence[Row[Any]]) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """Tell what may be taken together from what waits for a job that is not among it."""
    taken: dict[str, Row[Any]] = {}
    waiting = []
    for row in rows:
        if row.after is not None and row.after not in taken:
            waiting.append(row)
        elif not _suspect(row):
            taken[row.id] = row
        elif not taken:
            return [row], waiting
    return list(taken.values()), waiting


def _suspect(row: Row[Any]) -> bool:
    """Tell whether it may be what a worker was killed by; one that runs has lost its worker."""
    return bool(row.attempts > 0 or row.killed > 0 or row.state == RUNNING)


def _lease(work: Work, owner: str, rows: Sequence[Row[Any]]) -> list[Claimed]:
    if not rows:
        return []
    work.session.execute(
        update(JOBS)
        .where(JOBS.c.id.in_([row.id for row in rows]))
        .values(
            state=RUNNING,
            leased_by=owner,
            due_at=work.now + timedelta(seconds=LEASE_SECONDS),
            attempts=case((JOBS.c.id == rows[0].id, JOBS.c.attempts + 1), else_=JOBS.c.attempts),
            started_at=case((JOBS.c.id == rows[0].id, work.now), else_=None),
            held=False,
            # What the attempt before has said of itself is over.
            progress=None,
            note=None,
            **lost(work, rows[0]),
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


def begun(work: Work, owner: str, job: Claimed) -> None:
    """Write down that a job has begun which was leased to wait behind another: it is an attempt."""
    mine = (JOBS.c.leased_by == owner, JOBS.c.state == RUNNING, JOBS.c.started_at.is_(None))
    work.session.execute(
        update(JOBS)
        .where(JOBS.c.id == job.id, *mine)
        .values(attempts=job.attempt, started_at=work.now)
    )


def to_be_cancelled(work: Work, owner: str) -> set[str]:
    """Name the jobs of a worker that somebody has cancelled."""
    mine = (JOBS.c.leased_by == owner, JOBS.c.state == RUNNING, JOBS.c.cancel_asked)
    return set(work.session.scalars(select(JOBS.c.id).where(*mine)))


def _events_of(work: Work, rows: Sequence[Row[Any]]) -> dict[str, StoredEvent]:
    wanted = {row.event_id for row in rows if row.event_id is not None}
    if not wanted:
        return {}
    found = work.session.execute(select(EVENTS).where(EVENTS.c.id.in_(wanted)))
    return {row.id: stored_event(row, row.position) for row in found}


def _claimed(row: Row[Any], events: Mapping[str, StoredEvent]) -> Claimed:
    silent = row.state == RUNNING
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
        killed=row.killed + silent,
        unsure=row.unsure + (silent and row.started_at is None),
        after=row.after,
        tries=row.tries or (),
    )
