"""Gathering what rules look at, from the database and from the rooms that know."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import select

from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.generation import RUNTIME, Generation
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.attention.look import Look, PackageState, Seen, Senses
from geminicrm.runtime.attention.notices import Available, Notices, RegistryTroubles
from geminicrm.runtime.calls import Trouble
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.history.models import InstalledVersion, Run
from geminicrm.runtime.inventory import READ
from geminicrm.runtime.leases import Leases, WorkerState
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.packages import PackageAway, Packages
from geminicrm.runtime.present import readable_manifest
from geminicrm.runtime.safe_mode import SafeMode

LATE_SECONDS: Final = 5.0
"""How long a worker may be behind before it counts as late."""
_RUNS = 100
_LINES = 3
_log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who knows what; `notices`, `available` and `registries` are rooms above the runtime.

    `python_folder` gives the folder of a version's Python packages, or raises where there is none.
    """

    works: Works
    vault: Vault
    logs: ExtensionLogs
    packages: Packages
    leases: Leases
    safe_mode: SafeMode
    troubles: Callable[[str], Sequence[Trouble]]
    confines: Callable[[], bool]
    python_folder: Callable[[Manifest, str], Path | None]
    notices: Notices
    available: Available
    registries: RegistryTroubles


class Gathering:
    """Looks, and remembers what is expensive to find out."""

    def __init__(self, sources: Sources, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._behind_since: dict[str, float] = {}
        self._told: dict[str, Sequence[Mapping[str, Any]]] = {}
        self._judged: dict[str, tuple[object, PackageState]] = {}
        self._senses = Senses(
            log=lambda installation_id: sources.logs.tail(installation_id, _LINES),
            secrets=self._secrets,
            package=self._package,
            lacks_python=self._lacks_python,
            troubles=sources.troubles,
        )

    def look(self, actor: Actor, *, ask: bool = True) -> Look:
        """Look at the actor's workspace; needs `read:extensions`.

        Without `ask` registries, which may be slow, are not asked for updates: what they said last
        counts.
        """
        sources = self._sources
        workers = sources.leases.alive()
        with sources.works.read(actor) as work:
            work.require(READ)
            installed = _installed(work)
            runs = work.session.scalars(
                select(Run)
                .where(Run.state.in_(("running", "failed")))
                .order_by(Run.started_at.desc())
                .limit(_RUNS)
            ).all()
            number = work.session.get(Generation, RUNTIME)
            now = work.now
        generation = number.value if number is not None else 0
        return Look(
            actor=actor,
            now=now,
            installed=installed,
            senses=self._senses,
            confines=sources.confines(),
            safe=sources.safe_mode.state(),
            runs=runs,
            generation=generation,
            workers=workers,
            behind=self._late(workers, generation),
            notices=_told(lambda: sources.notices(actor)),
            updates=self._updates(actor, ask=ask),
            registries=_told(lambda: sources.registries(actor)),
            by_id={one.id: one for one in installed},
        )

    def _updates(self, actor: Actor, *, ask: bool) -> Sequence[Mapping[str, Any]]:
        if ask:
            self._told[actor.workspace_id] = _told(lambda: self._sources.available(actor))
        return self._told.get(actor.workspace_id, ())

    def _late(self, workers: Sequence[WorkerState], generation: int) -> list[WorkerState]:
        behind = {one.id: one for one in workers if one.generation < generation}
        now = self._monotonic()
        with self._lock:
            since = {one: self._behind_since.get(one, now) for one in behind}
            self._behind_since = since
        return [one for key, one in behind.items() if now - since[key] >= LATE_SECONDS]

    def _secrets(self, row: Installation) -> frozenset[str] | None:
        try:
            return frozenset(self._sources.vault.open(row.secrets))
        except (DecryptionFailed, ValueError):
            return None

    def _lacks_python(self, row: Installation, manifest: Manifest) -> bool:
        try:
            self._sources.python_folder(manifest, row.digest)
        except Exception:  # noqa: BLE001 - border: whatever is wrong with the folder, it is not there
            return True
        return False

    def _package(self, row: Installation) -> PackageState:
        """Compare the folder with the package, once for each state of the folder."""
        packages = self._sources.packages
        if not packages.here(row.digest):
            return "missing"
        mark = _mark(packages.path(row.digest))
        known = self._judged.get(row.digest)
        if known is None or known[0] != mark:
            known = self._judged[row.digest] = (mark, self._judge(row.digest))
        return known[1]

    def _judge(self, digest: str) -> PackageState:
        try:
            return "sound" if self._sources.packages.sound(digest) else "changed"
        except (PackageAway, OSError, ValueError):
            return "unknown"  # nothing to compare it with, which is no fault of the folder


def _installed(work: Work) -> list[Seen]:
    rows = work.session.scalars(select(Installation).order_by(Installation.extension_id)).all()
    versions = work.session.scalars(
        select(InstalledVersion).order_by(InstalledVersion.since.desc(), InstalledVersion.id.desc())
    ).all()
    current = {one.installation_id: one for one in versions if one.until is None}
    past: dict[str, list[InstalledVersion]] = {}
    for one in versions:
        if one.until is not None:
            past.setdefault(one.installation_id, []).append(one)
    return [
        Seen(
            row=row,
            manifest=readable_manifest(row),
            current=current.get(row.id),
            past=past.get(row.id, ()),
        )
        for row in rows
    ]


def _told(ask: Callable[[], Sequence[T]]) -> Sequence[T]:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - border: a registry that is away must not hide the rest
        _log.warning("what needs attention is not fully known", exc_info=error)
        return ()


def _mark(folder: Path) -> object:
    """Say in short what state the files of a folder are in, without the interpreter's caches."""
    found: list[tuple[str, int, int]] = []
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one != "__pycache__")
        for name in sorted(files):
            facts = os.lstat(os.path.join(path, name))  # noqa: PTH118 - hundreds of them, and this is cheaper
            found.append((f"{path}/{name}", facts.st_mtime_ns, facts.st_size))
    return tuple(found)
