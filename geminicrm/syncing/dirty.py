"""Records that changed here and have to be looked at."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.syncing.models import SyncDirty

MOST_ATTEMPTS: Final = 8
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=6)


def mark(
    work: Work, connection_id: str, kind: str, ids: Collection[str], *, anew: bool = True
) -> None:
    """Have records looked at, at once; `anew` says that those marked already have changed again."""
    rows = {row.record_id: row for row in _rows(work, connection_id, kind, ids)}
    for record_id in dict.fromkeys(ids):
        row = rows.get(record_id)
        if row is None:
            row = SyncDirty(
                id=new_id("sdty"),
                workspace_id=work.workspace_id,
                connection_id=connection_id,
                kind=kind,
                record_id=record_id,
            )
            work.session.add(row)
        elif not anew:
            continue
        row.stamp, row.due_at, row.attempts = new_id("st"), work.now, 0


def take(work: Work, connection_id: str, kind: str, limit: int) -> dict[str, str]:
    """Give stamps by record id of those that are due, the oldest first."""
    rows = work.session.scalars(
        select(SyncDirty)
        .where(
            SyncDirty.connection_id == connection_id,
            SyncDirty.kind == kind,
            SyncDirty.due_at <= work.now,
        )
        .order_by(SyncDirty.due_at, SyncDirty.id)
        .limit(limit)
    )
    return {row.record_id: row.stamp for row in rows}


def drop(
    work: Work, connection_id: str, kind: str, stamps: Mapping[str, str], ids: Iterable[str]
) -> None:
    """Forget those that are done, unless they have changed since they were taken."""
    done = set(ids)
    for row in _rows(work, connection_id, kind, done):
        if row.stamp == stamps.get(row.record_id):
            work.session.delete(row)


def later(
    work: Work, connection_id: str, kind: str, stamps: Mapping[str, str], ids: Iterable[str]
) -> None:
    """Have those that failed looked at again, ever later; given up where that does not help."""
    for row in _rows(work, connection_id, kind, set(ids)):
        if row.stamp != stamps.get(row.record_id):
            continue
        row.attempts += 1
        row.due_at = work.now + min(_FIRST_WAIT * 2**row.attempts, _LONGEST_WAIT)
        if row.attempts >= MOST_ATTEMPTS:
            work.session.delete(row)


def _rows(work: Work, connection_id: str, kind: str, ids: Collection[str]) -> Iterable[SyncDirty]:
    if not ids:
        return ()
    query = select(SyncDirty).where(
        SyncDirty.connection_id == connection_id,
        SyncDirty.kind == kind,
        SyncDirty.record_id.in_(ids),
    )
    return work.session.scalars(query).all()
