"""Search over all records, for the command palette."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, bindparam

from geminicrm.crm.shared.listing import matching
from geminicrm.crm.shared.naming import display_name
from geminicrm.crm.shared.spec import RecordSpec
from geminicrm.kernel.tenancy import WORKSPACE
from geminicrm.kernel.work import Work


def search(
    work: Work, specs: Sequence[RecordSpec], text: str, limit: int = 10
) -> list[dict[str, Any]]:
    """Give up to `limit` hits as `{title, subtitle, url, icon}`, the newest of each kind first.

    Only kinds that the actor may read are looked into.
    """
    hits: list[dict[str, Any]] = []
    for spec in specs:
        if len(hits) < limit and text.strip() and work.actor.allows(f"read:{spec.noun}"):
            hits.extend(_hits(work, spec, text, limit - len(hits)))
    return hits


def _hits(work: Work, spec: RecordSpec, text: str, limit: int) -> list[dict[str, Any]]:
    statement = (
        spec.base.where(*matching(spec, text))
        .order_by(spec.model.id.desc())
        .limit(bindparam("wanted", type_=Integer))
    )
    rows = work.session.execute(statement, {WORKSPACE: work.workspace_id, "wanted": limit})
    return [_hit(spec, spec.shape(spec.raw(row))) for row in rows]


def _hit(spec: RecordSpec, record: dict[str, Any]) -> dict[str, Any]:
    details = [str(record[name]) for name in spec.subtitle if record[name] is not None]
    return {
        "title": display_name(record),
        "subtitle": " · ".join(details),
        "url": f"/{spec.noun}/{record['id']}",
        "icon": spec.icon,
    }
