"""Asking for work, taking it back, asking again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.holding import wake_behind
from geminicrm.kernel.jobs.models import AT_ONCE, CANCELLED, DEAD, OPEN, QUEUED, RUNNING, Job
from geminicrm.kernel.outbox import OutboxEvent, Sink
from geminicrm.kernel.work import Work

MAX_ATTEMPTS: Final = 6
EVENT_KIND: Final = "event:"
"""The kind of a delivery begins with this; the name of the sink follows."""


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What is asked for. `seconds` is the limit of one attempt, `unique_key` see `Job`."""

    kind: str
    target: str = ""
    payload: dict[str, Any] | None = None
    seconds: int = 60
    max_attempts: int = MAX_ATTEMPTS
    delay_seconds: float = 0.0
    unique_key: str | None = None


def queue_of(workspace_id: str, target: str) -> str:
    """Name the queue of a target: workspaces take turns, and so do the targets of each."""
    return f"{workspace_id}/{target}"


def enqueue(work: Work, new: NewJob) -> str:
    """Store a job with the change itself and give its id; it is done after the commit.

    Where one with the same `unique_key` is open already, nothing is stored and that one's id given.
    """
    if new.unique_key is None:
        row = _row(work, new)
        work.session.add(row)
        work.wake_workers()
        return row.id
    return _open_one(work, new) or _only_one(work, new)


def job_row(new: NewJob, workspace_id: str, now: datetime, job_id: str) -> dict[str, Any]:
    """Give the columns of a job, for one statement that stores many; none has a unique key.

    Whoever stores them wakes the workers.
    """
    delay = timedelta(seconds=new.delay_seconds)
    return {
        "id": job_id,
        "workspace_id": workspace_id,
        "kind": new.kind,
        "target": new.target,
        "queue": queue_of(workspace_id, new.target),
        "payload": new.payload,
        "state": QUEUED,
        "due_at": now + delay if delay else AT_ONCE,
        "attempts": 0,
        "max_attempts": new.max_attempts,
        "seconds": new.seconds,
        "cancel_asked": False,
        "created_at": now,
    }


def cancel(work: Work, row: Job) -> None:
    """End a job that waits; ask one that runs to end, which it does when it looks.

    Raises Conflict for one that has ended.
    """
    if row.state == QUEUED:
        row.state = CANCELLED
        row.finished_at = work.now
        if row.order_key is not None:
            wake_behind(work, row)
    elif row.state == RUNNING:
        row.cancel_asked = True
    else:
        raise Conflict(f"The job is {row.state}: only one that waits or runs can be cancelled.")


def again(work: Work, row: Job) -> None:
    """Queue a job that has failed for good or was cancelled; it gets all its attempts anew.

    Raises Conflict for another, and where its unique place was taken meanwhile.
    """
    if row.state not in {DEAD, CANCELLED}:
        raise Conflict(f"The job is {row.state}: only one that failed or was cancelled runs again.")
    if row.unique_key is not None and _with_key(work, row.kind, row.unique_key) is not None:
        raise Conflict("Another one with the same key waits or runs already; wait for it to end.")
    # The count goes on: whoever does it is told that he may have seen it before.
    row.max_attempts = row.attempts + MAX_ATTEMPTS
    row.state = QUEUED
    row.due_at = AT_ONCE
    row.cancel_asked = row.held = False
    row.finished_at = row.progress = row.note = None
    work.wake_workers()


def deliver_again(work: Work, event: OutboxEvent, sink: Sink, target: str) -> Job:
    """Queue one more delivery of an event to a target of a sink, which is told so.

    Where one waits or runs already, that one is given. Raises Conflict for an event that has not
    been handed out yet.
    """
    if event.position is None:
        raise Conflict("The event was not handed out yet: it will be delivered in a moment.")
    kind = f"{EVENT_KIND}{sink.name}"
    mine = (Job.event_id == event.id, Job.kind == kind, Job.target == target)
    row = work.session.scalar(select(Job).where(*mine).with_for_update())
    if row is None:
        row = _delivery(work, event, sink, target)
        work.session.add(row)
        work.wake_workers()
    elif row.state not in OPEN:
        again(work, row)
    return row


def _delivery(work: Work, event: OutboxEvent, sink: Sink, target: str) -> Job:
    return Job(
        id=new_id("job"),
        workspace_id=work.workspace_id,
        kind=f"{EVENT_KIND}{sink.name}",
        target=target,
        queue=queue_of(work.workspace_id, target),
        event_id=event.id,
        order_key=event.object_id if sink.ordered else None,
        position=event.position,
        due_at=AT_ONCE,
        attempts=1,  # the one that is over: this is the second at least
        max_attempts=1 + MAX_ATTEMPTS,
        seconds=sink.seconds,
        created_at=work.now,
    )


def _row(work: Work, new: NewJob) -> Job:
    delay = timedelta(seconds=new.delay_seconds)
    return Job(
        id=new_id("job"),
        workspace_id=work.workspace_id,
        kind=new.kind,
        target=new.target,
        queue=queue_of(work.workspace_id, new.target),
        payload=new.payload,
        unique_key=new.unique_key,
        due_at=work.now + delay if delay else AT_ONCE,
        max_attempts=new.max_attempts,
        seconds=new.seconds,
        created_at=work.now,
    )


def _open_one(work: Work, new: NewJob) -> str | None:
    return _with_key(work, new.kind, new.unique_key)


def _only_one(work: Work, new: NewJob) -> str:
    row = _row(work, new)
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError:
        # Another process was quicker; if that one has ended by now there is nothing to wait for.
        return _open_one(work, new) or _only_one(work, new)
    work.wake_workers()
    return row.id


def _with_key(work: Work, kind: str, key: str | None) -> str | None:
    return work.session.scalar(
        select(Job.id).where(
            Job.workspace_id == work.workspace_id,
            Job.kind == kind,
            Job.unique_key == key,
            Job.state.in_(OPEN),
        )
    )
