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
# The id of no job: an empty list would be another statement each time.
_NOBODY: Final = ""


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
    """What one thread wants of a queue: jobs of some kinds, `most` at most.

    None of those that the worker has in hand already (`held`); without `suspects` nothing that a
    worker was killed over.
    """

    queue: str
    kinds: Collection[str]
    held: Collection[str] = ()
    suspects: bool = True
    most: int = GROUP


def _due(*, suspects: bool, late: bool) -> Select[tuple[Any, ...]]:
    others: list[ColumnElement[bool]] = []
    if not suspects:
        others += [JOBS.c.killed == 0, JOBS.c.state == QUEUED]
    if late:
        others.append(JOBS.c.due_at > AT_ONCE)
    return (
        select(JOBS, PREDECESSOR.label("after"))
        .where(
            JOBS.c.queue == bindparam("of_queue"),
            text(f"jobs.{_OPEN}"),
            JOBS.c.due_at <= bindparam("now"),
            JOBS.c.kind.in_(bindparam("kinds", expanding=True)),
            JOBS.c.id.not_in(bindparam("in_hand", expanding=True)),
            *others,
        )
        .order_by(JOBS.c.due_at, JOBS.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=JOBS)
    )


# Made once: what a claim costs is time that other writers of a SQLite file wait.
_DUE: Final = {
    (suspects, late): _due(suspects=suspects, late=late)
    for suspects in (True, False)
    for late in (True, False)
}
_ARE_FIRST: Final = JOBS.c.id.in_(bindparam("firsts", expanding=True))
_LEASE: Final = (
    update(JOBS)
    .where(JOBS.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=RUNNING,
        leased_by=bindparam("owner"),
        due_at=bindparam("until"),
        attempts=case((_ARE_FIRST, JOBS.c.attempts + 1), else_=JOBS.c.attempts),
        started_at=case((_ARE_FIRST, bindparam("began", type_=JOBS.c.started_at.type)), else_=None),
        held=False,
        # What the attempt before has said of itself is over.
        progress=None,
        note=None,
    )
)
_EVENTS: Final = select(EVENTS).where(EVENTS.c.id.in_(bindparam("wanted", expanding=True)))


def find(work: Work, claim: Claim) -> Sequence[Row[Any]]:
    """Find due jobs of a queue that one thread may do, to be leased in the same transaction.

    One that was tried before comes alone: it may be what killed its worker, and is to take nobody
    along a second time.
    """
    return _found(work, claim, claim.most)


def find_late(work: Work, claim: Claim) -> Sequence[Row[Any]]:
    """Find the job of a queue that is due longest of those which had to wait for their time.

    What is wanted at once comes first in every queue: one that never runs empty would let none of
    these pass.
    """
    return _found(work, claim, 1, late=True)


def lease(work: Work, owner: str, groups: Sequence[Sequence[Row[Any]]]) -> list[list[Claimed]]:
    """Lease to a worker what it has found for some threads; give it in the same order.

    The first one of each thread is begun at once, so its attempt is counted with the lease; the
    others have lost none if their worker is killed before it comes to them.
    """
    rows = [row for group in groups for row in group]
    if not rows:
        return []
    work.session.execute(
        _LEASE,
        {
            "ids": [row.id for row in rows],
            "firsts": [group[0].id for group in groups],
            "owner": owner,
            "until": work.now + timedelta(seconds=LEASE_SECONDS),
            "began": work.now,
        },
    )
    for row in rows:
        _note_loss(work, row)
    events = _events_of(work, rows)
    return [[_claimed(row, events) for row in group] for group in groups]


def _note_loss(work: Work, row: Row[Any]) -> None:
    values = lost(work, row)
    if values:
        work.session.execute(update(JOBS).where(JOBS.c.id == row.id).values(values))


def _found(work: Work, claim: Claim, limit: int, *, late: bool = False) -> Sequence[Row[Any]]:
    """Give what may be taken together; what waits for an earlier job is put off on the way."""
    wanted = {
        "of_queue": claim.queue,
        "now": work.now,
        "kinds": list(claim.kinds),
        "in_hand": list(claim.held) or [_NOBODY],
    }
    window = limit
    for _look in range(_LOOKS):
        due = _DUE[claim.suspects, late]
        rows = work.session.execute(due, {**wanted, "most": window}).all()
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
    return row.attempts > 0 or killed_over(row)


def killed_over(row: Row[Any]) -> bool:
    """Tell whether a worker was killed over it; one that runs has lost its worker."""
    return bool(row.killed > 0 or row.state == RUNNING)


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
    found = work.session.execute(_EVENTS, {"wanted": list(wanted)})
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
