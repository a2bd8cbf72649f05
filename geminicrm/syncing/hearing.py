"""Word of the other side that records have changed: read at once, by their ids."""

from collections.abc import Sequence

from sqlalchemy import select

from extensions.sdk.webhooks import Changed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.syncing.choosing import ask, find
from geminicrm.syncing.models import OUTWARD, SyncHeard


def heard(work: Work, connection_id: str, changed: Sequence[Changed]) -> None:
    """Note records for the next run, and have it begin; what is not synced is left alone.

    Records that are gone are found by the look at what was archived there.
    """
    chosen = find(work, connection_id)
    if chosen is None or not chosen.enabled or chosen.direction == OUTWARD:
        return
    found = [one for one in changed if one.kind in chosen.kinds]
    for kind in {one.kind for one in found}:
        ids = [one.id for one in found if one.kind == kind and not one.gone]
        _note(work, connection_id, kind, ids)
    if any(one.gone for one in found):
        chosen.archive_at = work.now
    if found:
        ask(work, connection_id)


def _note(work: Work, connection_id: str, kind: str, ids: Sequence[str]) -> None:
    query = select(SyncHeard).where(
        SyncHeard.connection_id == connection_id, SyncHeard.kind == kind, SyncHeard.far_id.in_(ids)
    )
    rows = {row.far_id: row for row in work.session.scalars(query.with_for_update())}
    for far_id in dict.fromkeys(ids):
        row = rows.get(far_id)
        if row is None:
            row = SyncHeard(
                id=new_id("shrd"),
                workspace_id=work.workspace_id,
                connection_id=connection_id,
                kind=kind,
                far_id=far_id,
            )
            work.session.add(row)
        row.stamp = new_id("st")
