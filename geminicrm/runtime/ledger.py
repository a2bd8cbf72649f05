"""The ledger: which scopes an installation really uses, counted in memory, written now and then."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.models import Installation, ScopeUse

FLUSH_SECONDS = 10.0


@dataclass(slots=True)
class _Count:
    used: int = 0
    refused: int = 0


_Key = tuple[str, str, str]  # workspace, installation, scope


class Ledger:
    """Counts in memory; `flush` adds them to the table. A killed process loses one window."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._lock = threading.Lock()
        self._counts: dict[_Key, _Count] = {}

    def count(self, workspace_id: str, installation_id: str, scope: str, *, allowed: bool) -> None:
        """Count one question for a scope."""
        key = (workspace_id, installation_id, scope)
        with self._lock:
            count = self._counts.get(key)
            if count is None:
                count = self._counts[key] = _Count()
            if allowed:
                count.used += 1
            else:
                count.refused += 1

    def flush(self) -> None:
        """Add what was counted to the table; where that fails it is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            self._store(counts)
        except BaseException:
            self._put_back(counts)
            raise

    def _put_back(self, counts: dict[_Key, _Count]) -> None:
        with self._lock:
            for key, count in counts.items():
                kept = self._counts.setdefault(key, _Count())
                kept.used += count.used
                kept.refused += count.refused

    def _store(self, counts: dict[_Key, _Count]) -> None:
        with self._works.across_workspaces("ledger: scopes used", write=True) as work:
            installed = _still_installed(work, {installation for _, installation, _ in counts})
            today = work.now.date()
            rows = {
                (row.installation_id, row.scope): row
                for row in work.session.scalars(
                    select(ScopeUse).where(
                        ScopeUse.installation_id.in_(installed), ScopeUse.day == today
                    )
                )
            }
            for (workspace_id, installation_id, scope), count in counts.items():
                if installation_id not in installed:
                    continue
                row = rows.get((installation_id, scope))
                if row is None:
                    row = ScopeUse(id=new_id("use"), workspace_id=workspace_id, day=today)
                    row.installation_id, row.scope, row.used, row.refused = (
                        installation_id, scope, 0, 0,
                    )  # fmt: skip
                    work.session.add(row)
                row.used += count.used
                row.refused += count.refused
                row.last_at = work.now


def _still_installed(work: Work, ids: Iterable[str]) -> set[str]:
    return set(work.session.scalars(select(Installation.id).where(Installation.id.in_(ids))))
