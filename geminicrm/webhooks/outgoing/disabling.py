"""Switching an endpoint off: its state, an event, a notice, all in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select, update

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.generation import WEBHOOKS, Generations
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import Notice, raise_notice
from geminicrm.webhooks.outgoing.endpoint_events import EndpointDisabled
from geminicrm.webhooks.outgoing.models import ACTIVE, DELETED, DISABLED, Endpoint

HOOK: Final = "hook"
_GONE: Final = "It answered 410: it wants nothing more."
_LONGEST: Final = 300


def gone() -> str:
    """Say why an endpoint is off that answered 410."""
    return _GONE


def hopeless(since: datetime, error: str) -> str:
    """Say why an endpoint is off that failed all the time."""
    return storable(f"Nothing was delivered since {since:%d %B %Y, %H:%M} UTC. {error}", _LONGEST)


def disable(
    work: Work, generations: Generations, reasons: Mapping[str, tuple[str, datetime | None]]
) -> int:
    """Switch endpoints off that are on, by id with why and since when they fail; give how many.

    A REST hook whose receiver is gone is deleted: it was the receiver's own subscription.
    """
    rows = work.session.scalars(
        select(Endpoint)
        .where(Endpoint.id.in_(reasons), Endpoint.state == ACTIVE)
        .order_by(Endpoint.id)
    ).all()
    for row in rows:
        reason, since = reasons[row.id]
        state = DELETED if row.origin == HOOK and reason == _GONE else DISABLED
        change = _Change(state, reason, since)
        _switch(work, row, change)
        _tell(work, row, change)
    if rows:
        generations.bump(work, WEBHOOKS)
        work.wake_workers()
    return len(rows)


def notice_key(endpoint_id: str) -> str:
    """Name the notice about an endpoint that was switched off."""
    return f"webhook_endpoint:{endpoint_id}"


@dataclass(frozen=True, slots=True)
class _Change:
    state: str
    reason: str
    since: datetime | None


def _switch(work: Work, row: Endpoint, change: _Change) -> None:
    work.session.execute(
        update(Endpoint)
        .where(Endpoint.id == row.id)
        .values(
            state=change.state,
            reason=change.reason,
            state_at=work.now,
            updated_at=work.now,
            revision=Endpoint.revision + 1,
        )
        .execution_options(synchronize_session=False)
    )


def _tell(work: Work, row: Endpoint, change: _Change) -> None:
    # Who switches it off is the system of the endpoint's own workspace.
    system = Work(work.session, SystemActor(row.workspace_id), work.now)
    place = _place_of(row.url)
    system.record(
        EndpointDisabled(
            object_id=row.id,
            object_version=1,
            data={
                "id": row.id,
                "address": place,
                "description": row.description,
                "state": change.state,
                "reason": change.reason,
                "failing_since": format_instant(change.since) if change.since else None,
            },
        )
    )
    system.audit("webhook_endpoint.disabled", row.id, {"now": change.state, "why": change.reason})
    if change.state == DELETED:
        return  # nobody here has to do anything about a subscription that a program took back
    raise_notice(
        work,
        Notice(
            workspace_id=row.workspace_id,
            kind="webhook_disabled",
            key=notice_key(row.id),
            severity="error",
            title=f"A webhook endpoint was switched off: {row.description or place}",
            body=f"{change.reason} What happens meanwhile is kept as missed; enable the endpoint "
            "once it works again, and send what it has missed.",
            link=f"/webhooks/{row.id}",
        ),
    )


def _place_of(url: str) -> str:
    # Paths and queries of such addresses often are secrets.
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
