"""The ledger as people read it: granted, used, refused, last used."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.work import Work
from geminicrm.runtime.models import Installation, ScopeUse
from geminicrm.runtime.plan import scope_lines
from geminicrm.runtime.present import manifest_of

_Use = tuple[int, int, datetime]


def ledger(work: Work, row: Installation) -> list[dict[str, Any]]:
    """Give a line for each scope that was asked for, granted or tried."""
    manifest = manifest_of(row)
    uses = _uses(work, row.id)
    asked = [*manifest.permissions, *manifest.optional_permissions]
    names = dict.fromkeys([*asked, *row.granted, *sorted(uses)])
    return [
        {
            "scope": line.scope,
            "sentence": line.sentence,
            "group": line.group,
            "sensitive": line.sensitive,
            "reason": line.reason,
            "optional": line.scope in manifest.optional_permissions,
            "granted": line.scope in row.granted,
            **_counted(uses.get(line.scope)),
        }
        for line in scope_lines(manifest, names)
    ]


def _uses(work: Work, installation_id: str) -> dict[str, _Use]:
    rows = work.session.execute(
        select(
            ScopeUse.scope,
            func.sum(ScopeUse.used),
            func.sum(ScopeUse.refused),
            func.max(ScopeUse.last_at),
        )
        .where(ScopeUse.installation_id == installation_id)
        .group_by(ScopeUse.scope)
    )
    return {scope: (int(used), int(refused), last) for scope, used, refused, last in rows}


def _counted(use: _Use | None) -> dict[str, Any]:
    if use is None:
        return {"used": 0, "refused": 0, "last_used_at": None}
    used, refused, last = use
    return {"used": used, "refused": refused, "last_used_at": format_instant(last)}
