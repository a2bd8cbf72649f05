"""Claims: who sends which deliveries. Leased, so that nothing is lost with the one that sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, select, text, update

from geminicrm.kernel.work import Work
from geminicrm.webhooks.outgoing.candidates import Candidate, Room
from geminicrm.webhooks.outgoing.models import (
    DELETED,
    DELIVERIES,
    FAILED,
    MESSAGES,
    MISSED,
    QUEUED,
    SENDING,
)

LEASE_SECONDS: Final = 60
_OPEN: Final = text("webhook_deliveries.state IN ('queued', 'sending')")
_PASSED_OVER: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A delivery that was taken to be sent; `start` is when, in Unix seconds.

    `revision` is that of the endpoint, of which `at_once` may be sent together, `rate` a second.
    """

    id: str
    workspace_id: str
    endpoint_id: str
    revision: int
    event_id: str
    type: str
    body: bytes
    attempts: int
    round_attempts: int
    trigger: str
    asked_by: str | None
    start: float
    at_once: int
    rate: int | None


def take(work: Work, owner: str, given: Sequence[Room], held: frozenset[str]) -> list[Errand]:
    """Lease what there is room for, the longest due of each endpoint first."""
    found = [(room, row) for room in given for row in _due_of(work, room) if row.id not in held]
    if not found:
        return []
    lease = work.now + timedelta(seconds=LEASE_SECONDS)
    work.session.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.id.in_([row.id for _room, row in found]))
        .values(state=SENDING, leased_by=owner, due_at=lease)
    )
    bodies = _bodies(work, [row.message_id for _room, row in found])
    times = {room.candidate.id: iter(room.starts.times) for room in given}
    return [_errand(room, row, bodies, next(times[room.candidate.id])) for room, row in found]


def pass_over(work: Work, found: Sequence[Candidate]) -> int:
    """Note what is due of endpoints that nothing is sent to now; give how much that was."""
    return sum(_pass_over(work, one) for one in found if not one.active)


def renew(work: Work, owner: str, ids: Sequence[str]) -> None:
    """Renew the leases of deliveries that are still in hand."""
    lease = work.now + timedelta(seconds=LEASE_SECONDS)
    work.session.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.id.in_(ids), DELIVERIES.c.leased_by == owner)
        .values(due_at=lease)
    )


def owners(work: Work) -> list[str]:
    """Name those who hold a lease."""
    query = select(DELIVERIES.c.leased_by).where(DELIVERIES.c.leased_by.is_not(None)).distinct()
    return list(work.session.scalars(query))


def free(work: Work, owner: str) -> int:
    """Let go of all that somebody holds who is gone, or ends; it is due at once."""
    freed = work.session.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.leased_by == owner, DELIVERIES.c.state == SENDING)
        .values(state=QUEUED, leased_by=None, due_at=work.now)
    )
    return int(freed.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of an update


def _due_of(work: Work, room: Room) -> Sequence[Row[Any]]:
    return work.session.execute(
        select(DELIVERIES)
        .where(
            DELIVERIES.c.endpoint_id == room.candidate.id, _OPEN, DELIVERIES.c.due_at <= work.now
        )
        .order_by(DELIVERIES.c.due_at, DELIVERIES.c.id)
        .limit(len(room.starts.times))
        .with_for_update(skip_locked=True)
    ).all()


def _bodies(work: Work, ids: Sequence[str]) -> dict[str, bytes]:
    query = select(MESSAGES.c.id, MESSAGES.c.body).where(MESSAGES.c.id.in_(set(ids)))
    return {row.id: row.body for row in work.session.execute(query)}


def _errand(room: Room, row: Row[Any], bodies: Mapping[str, bytes], start: float) -> Errand:
    return Errand(
        id=row.id,
        workspace_id=row.workspace_id,
        endpoint_id=row.endpoint_id,
        revision=room.candidate.revision,
        event_id=row.event_id,
        type=row.type,
        body=bodies[row.message_id],
        attempts=row.attempts,
        round_attempts=row.round_attempts,
        trigger=row.trigger,
        asked_by=row.asked_by,
        start=start,
        at_once=room.at_once,
        rate=room.candidate.rate,
    )


def _pass_over(work: Work, one: Candidate) -> int:
    gone = one.state == DELETED
    why = "The endpoint was deleted." if gone else f"The endpoint is {one.state}. {one.reason}"
    old = (
        select(DELIVERIES.c.id)
        .where(DELIVERIES.c.endpoint_id == one.id, _OPEN, DELIVERIES.c.due_at <= work.now)
        .limit(_PASSED_OVER)
        .with_for_update(skip_locked=True)
    )
    passed = work.session.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.id.in_(old.scalar_subquery()))
        .values(
            state=FAILED if gone else MISSED,
            leased_by=None,
            finished_at=work.now,
            last_error=why.strip()[:300],
        )
    )
    return int(passed.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of an update
