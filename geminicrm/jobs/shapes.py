"""Jobs as programs and pages see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from geminicrm.jobs.protocols import Label, MayRead
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.jobs.models import AT_ONCE, QUEUED, RUNNING, Job
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.kernel.owners import host_and_pid
from geminicrm.kernel.work import Work

Shape = dict[str, Any]


def in_list(row: Job, labels: Mapping[str, Label], types: Mapping[str, str]) -> Shape:
    """Give a job as lists have it; `types` are those of events, by their id."""
    label = labels.get(row.target)
    return {
        "id": row.id,
        "kind": row.kind,
        "target": row.target,
        "target_name": label.name if label is not None else None,
        "state": row.state,
        "event_type": types.get(row.event_id or ""),
        "attempts": row.attempts,
        "max_attempts": row.max_attempts,
        "progress": row.progress,
        "note": row.note,
        "last_error": row.last_error,
        "held": row.held and row.state == QUEUED,
        "cancel_asked": row.cancel_asked,
        "created_at": format_instant(row.created_at),
        "due_at": _due_at(row),
        "started_at": _written(row.started_at),
        "finished_at": _written(row.finished_at),
    }


def whole(
    work: Work, row: Job, labels: Mapping[str, Label], may_read: MayRead, *, worker: bool
) -> Shape:
    """Give a job with all that is known about it.

    The data of its event is left out (None) for whom it is not meant; so are, without `worker`,
    the processes that run it and have tried it.
    """
    event = work.session.get(OutboxEvent, row.event_id) if row.event_id is not None else None
    types = {event.id: event.type} if event is not None else {}
    host, pid = host_and_pid(row.leased_by) if worker and row.leased_by else ("", 0)
    return {
        **in_list(row, labels, types),
        "seconds": row.seconds,
        "tries": [_try(one, worker=worker) for one in row.tries or ()],
        "payload": row.payload,
        "result": row.result,
        "event": _event(event, may_read(work.actor, event.type)) if event is not None else None,
        "worker": {"host": host, "pid": pid} if host and row.state == RUNNING else None,
    }


def types_of(work: Work, rows: Sequence[Job]) -> dict[str, str]:
    """Give the types of the events of some jobs, by the events' ids."""
    wanted = {row.event_id for row in rows if row.event_id is not None}
    if not wanted:
        return {}
    query = select(OutboxEvent.id, OutboxEvent.type).where(OutboxEvent.id.in_(wanted))
    return {key: kind for key, kind in work.session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _event(event: OutboxEvent, readable: bool) -> Shape:  # noqa: FBT001 - the answer of who was asked
    return {
        "id": event.id,
        "type": event.type,
        "position": event.position,
        "timestamp": format_instant(event.occurred_at),
        "data": event.data if readable else None,
    }


def _try(one: Mapping[str, Any], *, worker: bool) -> Shape:
    return {**one, "worker": one["worker"] if worker else None}


def _due_at(row: Job) -> str | None:
    """Give when a job is tried next, where that is not at once.

    The end of a lease is none of that, nor when one is looked at again that waits for another.
    """
    waits = row.state == QUEUED and row.due_at != AT_ONCE and not row.held
    return format_instant(row.due_at) if waits else None


def _written(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant is not None else None
