"""Convergence: the worker's table follows the database, and says so."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import select, update

from geminicrm.kernel.generation import RUNTIME, Generation, Generations
from geminicrm.kernel.work import Works
from geminicrm.runtime.failures import LoadFailed
from geminicrm.runtime.host.traces import reason_of
from geminicrm.runtime.leases import Leases
from geminicrm.runtime.live import Installed
from geminicrm.runtime.models import Installation
from geminicrm.runtime.table import (
    EMPTY,
    Table,
    build_table,
    code_of,
    installed_from,
    manifest_of,
)
from geminicrm.runtime.versions import Versions

_POLL_SECONDS = 0.01
_log = structlog.get_logger(__name__)


class Convergence:
    """Holds the table of this process.

    What `current` gives is never older than the generation that this machine has seen.
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
        self._lock = threading.Lock()
        self._table = EMPTY
        self._unrecorded: dict[str, str] = {}
        self.acknowledged = EMPTY.generation

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
        """Find an installation; before saying no, ask the database for a newer generation."""
        found = self.current().find(workspace_id, extension_id)
        if found is None and self.repair():
            found = self._table.find(workspace_id, extension_id)
        return found

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
            if self._table.generation < seen or self._table is EMPTY:
                started = time.perf_counter()
                self._table = self._build()
                self._versions.keep_only(self._table.digests())
                self._swapped(self._table)
                _log.info(
                    "extensions reconciled",
                    generation=self._table.generation,
                    live=len(self._table.by_id),
                    failed=len(self._table.failed),
                    ms=round((time.perf_counter() - started) * 1000, 1),
                )
            return self._table

    def acknowledge(self) -> None:
        """Write down which generation this process serves, and what it could not load."""
        self._record()
        table = self._table
        self._leases.acknowledge(table.generation, table.content_hash)
        self.acknowledged = table.generation

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

    def _build(self) -> Table:
        with self._works.across_workspaces("runtime: read the installations") as work:
            # The number first: rows that are newer than it only mean one more rebuild.
            number = work.session.get(Generation, RUNTIME)
            generation = number.value if number is not None else 0
            query = select(Installation).where(Installation.enabled).order_by(Installation.id)
            rows = work.session.scalars(query).all()
        live: list[Installed] = []
        failed: dict[str, str] = {}
        for row in rows:
            try:
                manifest = manifest_of(row)
                loaded = self._versions.serving(code_of(row), manifest)
                live.append(installed_from(row, manifest, loaded))
            except LoadFailed as error:
                failed[row.id] = str(error)
            except Exception as error:  # noqa: BLE001 - border: one bad row must not stop the others
                failed[row.id] = reason_of(error)
        # Written later: a rebuild may happen inside somebody's write transaction.
        self._unrecorded = failed
        # A number that was lost (a restored backup) must not make every request rebuild.
        generation = max(generation, self._generations.get(RUNTIME))
        return build_table(generation, rows, live, failed)

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
