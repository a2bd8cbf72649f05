"""The ledger as people read it: granted, used, refused, last used; by scope and by host."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.work import Work
from geminicrm.runtime.enforcement import EnforcedBy, enforced_by, enforcements, isolation
from geminicrm.runtime.hosts import host_in, shown_host
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import HostUse, Installation, ScopeUse
from geminicrm.runtime.plan_lines import scope_lines
from geminicrm.runtime.present import manifest_of

UNUSED_DAYS = 30


@dataclass(frozen=True, slots=True)
class _Use:
    used: int = 0
    refused: int = 0
    last_used_at: datetime | None = None
    last_used_on: date | None = None
    last_refused_on: date | None = None


_NEVER = _Use()


def ledger(work: Work, row: Installation) -> dict[str, Any]:
    """Give a line for each scope and each host that was asked for, granted or tried.

    `unused` marks what is granted and was not used for UNUSED_DAYS days, or never in all the days
    since the install.
    """
    how = isolation(built_in=row.built_in, trusted=row.trusted)
    book = _Book(work, row, enforced_by(how))
    return {
        "data": list(book.scopes()),
        "hosts": list(book.hosts()),
        "isolation": how,
        "enforcement": enforcements(how),
        "unused_after_days": UNUSED_DAYS,
    }


class _Book:
    """The uses of one installation."""

    def __init__(self, work: Work, row: Installation, by: EnforcedBy) -> None:
        self._row = row
        self._manifest: Manifest = manifest_of(row)
        self._by = by
        self._since = work.now - timedelta(days=UNUSED_DAYS)
        self._scope_uses = _uses(work, ScopeUse, row.id)
        self._host_uses = _uses(work, HostUse, row.id)

    def scopes(self) -> Iterator[dict[str, Any]]:
        """Give the lines of scopes: as the manifest has them, then what else was tried."""
        manifest, granted = self._manifest, self._row.granted
        asked = [*manifest.permissions, *manifest.optional_permissions]
        names = dict.fromkeys([*asked, *granted, *sorted(self._scope_uses)])
        for line in scope_lines(manifest, names):
            yield {
                "scope": line.scope,
                "sentence": line.sentence,
                "group": line.group,
                "sensitive": line.sensitive,
                "reason": line.reason,
                "asked": line.scope in asked,
                "optional": line.scope in manifest.optional_permissions,
                "granted": line.scope in granted,
                "enforced_by": self._by,
                **self._counted(self._scope_uses.get(line.scope), line.scope in granted),
            }

    def hosts(self) -> Iterator[dict[str, Any]]:
        """Give the lines of hosts: those of the manifest, then what else was called or tried."""
        rest = dict(sorted(self._host_uses.items()))
        for entry in self._manifest.network:
            host = entry.host or host_in(self._row.settings.get(entry.setting or ""))
            name = shown_host(host) if host else None
            use = rest.pop(name, None) if name else None
            yield self._host(name, use, setting=entry.setting, reason=entry.reason)
        for name, use in rest.items():
            yield self._host(name, use, asked=False)

    def _host(
        self,
        host: str | None,
        use: _Use | None,
        *,
        asked: bool = True,
        setting: str | None = None,
        reason: str = "",
    ) -> dict[str, Any]:
        granted = asked and host is not None
        return {
            "host": host,
            "setting": setting,
            "reason": reason,
            "asked": asked,
            "granted": granted,
            "enforced_by": self._by,
            **self._counted(use, granted),
        }

    def _counted(self, found: _Use | None, granted: bool) -> dict[str, Any]:  # noqa: FBT001 - one private caller for each kind of line
        use = found or _NEVER
        last = use.last_used_at
        return {
            "used": use.used,
            "refused": use.refused,
            "last_used_at": format_instant(last) if last else None,
            "last_used_on": use.last_used_on.isoformat() if use.last_used_on else None,
            "last_refused_on": use.last_refused_on.isoformat() if use.last_refused_on else None,
            "unused": granted and (last or self._row.created_at) <= self._since,
        }


def _uses(
    work: Work, model: type[ScopeUse] | type[HostUse], installation_id: str
) -> Mapping[str, _Use]:
    name = model.scope if issubclass(model, ScopeUse) else model.host
    rows = work.session.execute(
        select(
            name,
            func.sum(model.used),
            func.sum(model.refused),
            func.max(case((model.used > 0, model.last_at))),
            func.max(case((model.used > 0, model.day))),
            func.max(case((model.refused > 0, model.day))),
        )
        .where(model.installation_id == installation_id)
        .group_by(name)
    )
    return {key: _Use(int(used), int(refused), *last) for key, used, refused, *last in rows}
