"""The ledger: which scopes and hosts an installation really uses, written down now and then."""

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.models import HostUse, Installation, ScopeUse

FLUSH_SECONDS = 10.0
MAX_REFUSED_HOSTS = 50
OTHER_HOSTS = "(others)"
_LONGEST_HOST = 255  # of the column
_Model = type[ScopeUse] | type[HostUse]
_Key = tuple[_Model, str, str, str]  # table, workspace, installation, scope or host
_COLUMNS: Mapping[_Model, str] = {ScopeUse: "scope", HostUse: "host"}


@dataclass(slots=True)
class _Count:
    used: int = 0
    refused: int = 0


class Ledger:
    """Counts in memory; `flush` adds them to the tables. A killed process loses one window."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._lock = threading.Lock()
        self._counts: dict[_Key, _Count] = {}
        self._refused_hosts: dict[tuple[str, date], set[str]] = {}

    def count(self, workspace_id: str, installation_id: str, scope: str, *, allowed: bool) -> None:
        """Count one question for a scope."""
        with self._lock:
            self._add((ScopeUse, workspace_id, installation_id, scope), allowed=allowed)

    def count_host(
        self, workspace_id: str, installation_id: str, host: str, *, allowed: bool
    ) -> None:
        """Count one outside call.

        `host` is the entry of the list that allowed it, or the host that was refused; what was
        allowed is bounded by the manifest, what is refused by MAX_REFUSED_HOSTS a day.
        """
        with self._lock:
            host = host[:_LONGEST_HOST]
            name = host if allowed else self._bounded(installation_id, host)
            self._add((HostUse, workspace_id, installation_id, name), allowed=allowed)

    def flush(self) -> None:
        """Add what was counted to the tables; where that fails it is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            self._store(counts)
        except BaseException:
            self._put_back(counts)
            raise

    def _add(self, key: _Key, *, allowed: bool) -> None:
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = _Count()
        if allowed:
            count.used += 1
        else:
            count.refused += 1

    def _bounded(self, installation_id: str, host: str) -> str:
        """Keep an extension that tries host after host from filling the table."""
        today = self._works.clock.now().date()
        key = (installation_id, today)
        if key not in self._refused_hosts:
            self._refused_hosts = {k: v for k, v in self._refused_hosts.items() if k[1] == today}
        seen = self._refused_hosts.setdefault(key, set())
        if host not in seen and len(seen) >= MAX_REFUSED_HOSTS:
            return OTHER_HOSTS
        seen.add(host)
        return host

    def _put_back(self, counts: dict[_Key, _Count]) -> None:
        with self._lock:
            for key, count in counts.items():
                kept = self._counts.setdefault(key, _Count())
                kept.used += count.used
                kept.refused += count.refused

    def _store(self, counts: Mapping[_Key, _Count]) -> None:
        with self._works.across_workspaces("ledger: what was used", write=True) as work:
            installed = _still_installed(work, {key[2] for key in counts})
            rows = {model: _rows_of_today(work, model, installed) for model in _COLUMNS}
            for key, count in counts.items():
                model, _, installation_id, name = key
                if installation_id not in installed:
                    continue
                row = rows[model].get((installation_id, name))
                if row is None:
                    row = _new_row(work, key)
                    work.session.add(row)
                row.used += count.used
                row.refused += count.refused
                row.last_at = work.now


def _new_row(work: Work, key: _Key) -> ScopeUse | HostUse:
    model, workspace_id, installation_id, name = key
    values: dict[str, Any] = {_COLUMNS[model]: name, "used": 0, "refused": 0}
    return model(
        id=new_id("use"),
        workspace_id=workspace_id,
        installation_id=installation_id,
        day=work.now.date(),
        **values,
    )


def _rows_of_today(
    work: Work, model: _Model, installed: Collection[str]
) -> dict[tuple[str, str], ScopeUse | HostUse]:
    query = select(model).where(model.installation_id.in_(installed), model.day == work.now.date())
    found: Iterable[Any] = work.session.scalars(query)
    return {(row.installation_id, getattr(row, _COLUMNS[model])): row for row in found}


def _still_installed(work: Work, ids: Collection[str]) -> set[str]:
    return set(work.session.scalars(select(Installation.id).where(Installation.id.in_(ids))))
