"""Convergence: the worker's table follows the database, and says so."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import select, update

from geminicrm.kernel.generation import RUNTIME, Generation, Generations
from geminicrm.kernel.work import Works
from geminicrm.runtime.failures import ExtensionAway, InSafeMode, LoadFailed
from geminicrm.runtime.host.traces import reason_of
from geminicrm.runtime.leases import Leases
from geminicrm.runtime.leaving import Leaving
from geminicrm.runtime.live import Installed
from geminicrm.runtime.models import Installation
from geminicrm.runtime.packages import AGAIN_SECONDS
from geminicrm.runtime.table import (
    EMPTY,
    SAFE_HASH,
    Table,
    Unserved,
    build_table,
    code_of,
    installed_from,
    manifest_of,
    unserved_from,
)
from geminicrm.runtime.versions import Versions
from geminicrm.runtime.watching.counter import Counter

_POLL_SECONDS = 0.01
_RETRY_SECONDS = 1.0
_SETTLE_SECONDS = 2.0
_log = structlog.get_logger(__name__)


def not_watched(_row: Installation) -> Counter | None:
    """Count nothing."""
    return None


class Convergence:
    """Holds the table of this process.

    What `current` gives is never older than the generation that this machine has seen. `watch`
    gives what counts the calls into a version that is watched.
    """

    def __init__(
        self,
        works: Works,
        generations: Generations,
        versions: Versions,
        leases: Leases,
        swapped: Callable[[Table], object],
    ) -> None:
        self._works = works
        self._generations = generations
        self._versions = versions
        self._leases = leases
        self._swapped = swapped
        self.watch: Callable[[Installation], Counter | None] = not_watched
        self._lock = threading.Lock()
        self._stale = threading.Event()
        self._again = 0.0
        self._leaving = Leaving()
        self._table = EMPTY
        self._unrecorded: dict[str, str] = {}
        self.acknowledged = EMPTY.generation
        self._told = EMPTY

    @property
    def untold(self) -> bool:
        """Tell whether this process serves something else than it has acknowledged."""
        return self._table is not self._told

    @property
    def table(self) -> Table:
        """The table as it is, without a look at the generation."""
        return self._table

    def current(self) -> Table:
        """Give the table, rebuilt first where the machine has seen a newer generation."""
        table = self._table
        if self._generations.get(RUNTIME) > table.generation:
            return self.reconcile()
        return table

    def find(self, workspace_id: str, extension_id: str) -> Installed | None:
        """Find an installation; before saying no, ask the database for a newer generation.

        Raises InSafeMode, and ExtensionAway where its package is not on this machine (yet).
        """
        if self.current().safe:
            raise InSafeMode(f"{extension_id!r} does not answer")
        found = self._table.find(workspace_id, extension_id)
        if found is None and self.repair():
            found = self._table.find(workspace_id, extension_id)
        for one in self._table.away() if found is None else ():
            if (one.workspace_id, one.extension_id) == (workspace_id, extension_id):
                wait = AGAIN_SECONDS if one.reason else _RETRY_SECONDS
                raise ExtensionAway(extension_id, one.reason, wait)
        return found

    def follow(self) -> None:
        """Rebuild where safe mode was entered or left, or a package has come."""
        if self._table.away() and time.monotonic() >= self._again:
            self._stale.set()
        if self._outdated():
            self.reconcile()

    def repair(self) -> bool:
        """Catch up with a bump whose message never came; tell whether there was one."""
        before = self._table.generation
        with self._works.across_workspaces("runtime: look at the generation") as work:
            self._generations.sync(work)
        return self.current().generation > before

    def reconcile(self) -> Table:
        """Read the desired state and swap the table, unless another thread has just done so."""
        seen = self._generations.get(RUNTIME)
        with self._lock:
            if self._table.generation < seen or self._outdated():
                self._stale.clear()
                started = time.perf_counter()
                self._table = self._build()
                self._versions.keep_only(self._table.digests())
                self._swapped(self._table)
                _log.info(
                    "extensions reconciled",
                    generation=self._table.generation,
                    live=len(self._table.by_id),
                    failed=len(self._table.failed()),
                    ms=round((time.perf_counter() - started) * 1000, 1),
                )
            return self._table

    def acknowledge(self) -> None:
        """Write down which generation this process serves, and what it could not load."""
        self._record()
        table = self._table
        self._leases.acknowledge(table.generation, table.content_hash, table.not_loaded())
        self.acknowledged = table.generation
        self._told = table

    def tidy(self) -> None:
        """Unload versions that nobody has used for a while."""
        self._versions.keep_only(self._table.digests())

    def wait_live(self, generation: int, seconds: float) -> bool:
        """Wait until every living worker of this machine serves a generation; False if too slow."""
        deadline = time.monotonic() + seconds
        if EMPTY.generation < self.acknowledged < generation:
            self.current()
            self.acknowledge()
        while not self._leases.all_serve(generation):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)  # others answer by a row; nothing wakes this process
        return True

    def _outdated(self) -> bool:
        table = self._table
        return table is EMPTY or self._stale.is_set() or self._versions.safe() != table.safe

    def _build(self) -> Table:
        with self._works.across_workspaces("runtime: read the installations") as work:
            # The number first: rows that are newer than it only mean one more rebuild.
            number = work.session.get(Generation, RUNTIME)
            generation = number.value if number is not None else 0
            query = select(Installation).where(Installation.enabled).order_by(Installation.id)
            rows = work.session.scalars(query).all()
            before = {**self._table.leaving, **self._table.by_id}
            leaving = self._leaving.look(work, before, {row.id for row in rows})
        # A number that was lost (a restored backup) must not make every request rebuild.
        generation = max(generation, self._generations.get(RUNTIME))
        if self._versions.safe():
            return Table(generation, SAFE_HASH, safe=True)
        live: list[Installed] = []
        unserved: dict[str, Unserved] = {}
        watched = {(row.id, row.digest): watch for row in rows if (watch := self.watch(row))}
        for row in rows:
            if not self._versions.packages.here(row.digest):
                unserved[row.id] = unserved_from(row, self._fetched(row), away=True)
                live.extend(self._meanwhile(row))
                continue
            try:
                manifest = manifest_of(row)
                loaded = self._versions.serving(code_of(row), manifest)
                live.append(self._settling(installed_from(row, manifest, loaded, self.watch(row))))
            except LoadFailed as error:
                unserved[row.id] = unserved_from(row, str(error), away=False)
            except Exception as error:  # noqa: BLE001 - border: one bad row must not stop the others
                unserved[row.id] = unserved_from(row, reason_of(error), away=False)
        table = build_table(generation, rows, live, unserved)
        # Written later: a rebuild may happen inside somebody's write transaction.
        self._unrecorded = table.failed()
        return replace(table, watched=watched, leaving=leaving)

    def _settling(self, one: Installed) -> Installed:
        """Give it with the moment until which it counts as new, if it was not served before."""
        before = self._table.by_id.get(one.id)
        if before is None or before.digest != one.digest:
            return replace(one, settles=time.monotonic() + _SETTLE_SECONDS)
        return replace(one, settles=before.settles)

    def _meanwhile(self, row: Installation) -> Iterator[Installed]:
        """Give the version that was served up to now: it serves until the new one has come."""
        before = self._table.by_id.get(row.id)
        if before is not None:
            yield replace(before, granted=before.granted.intersection(row.granted), watch=None)

    def _fetched(self, row: Installation) -> str | None:
        """Have its package fetched; say why it did not come the last time, None while it comes."""
        self._again = time.monotonic() + AGAIN_SECONDS
        return self._versions.packages.fetch_soon(row.digest, self._stale.set)

    def _record(self) -> None:
        failed, self._unrecorded = self._unrecorded, {}
        if not failed:
            return
        with self._works.across_workspaces("runtime: mark as failed", write=True) as work:
            for installation_id, reason in failed.items():
                _log.error("an installation can't be loaded", id=installation_id, error=reason)
                values: dict[str, Any] = {"status": "failed", "error": reason}
                work.session.execute(
                    update(Installation)
                    .where(Installation.id == installation_id, Installation.enabled)
                    .values(values)
                    .execution_options(synchronize_session=False)
                )
