"""How a sync is: for the connection's page, programs, the dashboard, and beside records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.jobs.models import OPEN, Job
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work
from geminicrm.syncing.choosing import READ, RUN_KIND, find
from geminicrm.syncing.models import (
    FAILED,
    KINDS,
    UNKNOWN,
    SyncCursor,
    SyncDirty,
    SyncLink,
    SyncSettings,
)

_WRONG: Final = (FAILED, UNKNOWN)
_SORT: Final = "-id"
_NOTHING: Final[Mapping[str, Any]] = {
    "enabled": False,
    "kinds": list(KINDS),
    "direction": "both",
    "conflicts": "newest",
    "deletes": "keep",
    "last_at": None,
    "next_at": None,
    "error": None,
    "unknown_owners": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a dashboard shows of the sync of one connection; records in and out are of all time."""

    last_at: datetime | None
    next_at: datetime | None
    came_in: int
    went_out: int
    error: str | None


def facts(work: Work) -> dict[str, Facts]:
    """Give the facts of every connection of the workspace that syncs, by its id."""
    work.require(READ)
    rows = work.session.execute(
        select(
            SyncCursor.connection_id, func.sum(SyncCursor.came_in), func.sum(SyncCursor.went_out)
        ).group_by(SyncCursor.connection_id)
    )
    counts = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    return {
        row.connection_id: _facts(row, *counts.get(row.connection_id, (0, 0)))
        for row in work.session.scalars(select(SyncSettings).where(SyncSettings.enabled))
    }


def state(work: Work, connection_id: str) -> dict[str, Any]:
    """Give what was chosen for a connection and how its sync is."""
    work.require(READ)
    row = find(work, connection_id)
    chosen = dict(_NOTHING) if row is None else _shape(row)
    return {
        **chosen,
        "connection_id": connection_id,
        "running": _running(work, connection_id),
        "counts": _counts(work, connection_id),
    }


def failed(work: Work, connection_id: str, page: Page) -> tuple[list[dict[str, Any]], str | None]:
    """Give records that failed, the latest first, and where to go on."""
    work.require(READ)
    query = select(SyncLink).where(
        SyncLink.connection_id == connection_id, SyncLink.state.in_(_WRONG)
    )
    if page.cursor is not None:
        (after,) = decode_cursor(page.cursor, _SORT, (str,))
        query = query.where(SyncLink.id < str(after))
    rows = list(work.session.scalars(query.order_by(SyncLink.id.desc()).limit(page.limit + 1)))
    shown = rows[: page.limit]
    more = encode_cursor((shown[-1].id,), _SORT) if len(rows) > page.limit else None
    return [link_shape(row) for row in shown], more


def beside(work: Work, kind: str, record_id: str) -> list[dict[str, Any]]:
    """Give what a record is linked with, by connection."""
    work.require(READ)
    query = select(SyncLink).where(SyncLink.kind == kind, SyncLink.record_id == record_id)
    return [link_shape(row) for row in work.session.scalars(query.order_by(SyncLink.id))]


def link_shape(row: SyncLink) -> dict[str, Any]:
    """Give a link as pages and programs see it."""
    return {
        "id": row.id,
        "connection_id": row.connection_id,
        "kind": row.kind,
        "record_id": row.record_id,
        "far_id": row.far_id,
        "label": row.label,
        "state": row.state,
        "error": row.error,
        "side": row.error_side,
        "conflict": row.conflict,
        "linked_at": format_instant(row.linked_at),
        "synced_at": format_instant(row.synced_at),
    }


def _facts(row: SyncSettings, came_in: int, went_out: int) -> Facts:
    return Facts(
        last_at=row.last_at,
        next_at=row.next_at,
        came_in=came_in,
        went_out=went_out,
        error=row.error,
    )


def _shape(row: SyncSettings) -> dict[str, Any]:
    return {
        "enabled": row.enabled,
        "kinds": list(row.kinds),
        "direction": row.direction,
        "conflicts": row.conflicts,
        "deletes": row.deletes,
        "last_at": format_instant(row.last_at) if row.last_at is not None else None,
        "next_at": format_instant(row.next_at) if row.enabled else None,
        "error": row.error,
        "unknown_owners": row.unknown_owners,
    }


def _running(work: Work, connection_id: str) -> dict[str, Any] | None:
    job = work.session.scalar(
        select(Job).where(
            Job.kind == RUN_KIND, Job.unique_key == connection_id, Job.state.in_(OPEN)
        )
    )
    if job is None:
        return None
    return {"job_id": job.id, "percent": job.progress or 0, "note": job.note or "It begins soon."}


def _counts(work: Work, connection_id: str) -> dict[str, dict[str, int]]:
    counts = {kind: {"in": 0, "out": 0, "linked": 0, "waiting": 0, "failed": 0} for kind in KINDS}
    mine = SyncCursor.connection_id == connection_id
    for cursor in work.session.scalars(select(SyncCursor).where(mine)):
        counts[cursor.kind] |= {"in": cursor.came_in, "out": cursor.went_out}
    links = select(SyncLink.kind, SyncLink.state, func.count()).where(
        SyncLink.connection_id == connection_id
    )
    for kind, how, number in work.session.execute(links.group_by(SyncLink.kind, SyncLink.state)):
        name = {"ok": "linked", **dict.fromkeys(_WRONG, "failed")}.get(how)
        if name is not None:
            counts[kind][name] += number
    waiting = select(SyncDirty.kind, func.count()).where(SyncDirty.connection_id == connection_id)
    for kind, number in work.session.execute(waiting.group_by(SyncDirty.kind)):
        counts[kind]["waiting"] = number
    return counts
