"""How versions stand that have just come or gone: what is watched, what was returned from."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from geminicrm.kernel.work import Work
from geminicrm.runtime.history.models import InstalledVersion, WatchCount
from geminicrm.runtime.models import Installation


def standings(work: Work) -> dict[str, dict[str, Any]]:
    """Give, by extension id, those that are watched or came back because a version failed.

    `watched` has `until`, `calls` and `failures`; `returned` has `version`, `reason`.
    """
    returned = _returned(work)
    found: dict[str, dict[str, Any]] = {}
    for row in work.session.scalars(select(Installation)).all():
        watched, failed = _watched(work, row), returned.get(row.id)
        if watched or failed:
            found[row.extension_id] = {"watched": watched, "returned": failed}
    return found


def _watched(work: Work, row: Installation) -> dict[str, Any] | None:
    if not row.watch:
        return None
    query = select(func.sum(WatchCount.calls), func.sum(WatchCount.failures)).where(
        WatchCount.installation_id == row.id, WatchCount.digest == row.digest
    )
    calls, failures = work.session.execute(query).one()
    return {
        "until": datetime.fromisoformat(row.watch["until"]),
        "calls": int(calls or 0),
        "failures": int(failures or 0),
    }


def _returned(work: Work) -> dict[str, dict[str, Any]]:
    """Give, by installation, the version that failed, where that was its last change."""
    present = aliased(InstalledVersion)
    query = select(InstalledVersion).where(
        InstalledVersion.outcome == "returned",
        select(present.id)
        .where(
            present.installation_id == InstalledVersion.installation_id,
            present.until.is_(None),
            present.since == InstalledVersion.until,
        )
        .exists(),
    )
    return {
        row.installation_id: {"version": row.version, "reason": row.reason}
        for row in work.session.scalars(query).all()
    }
