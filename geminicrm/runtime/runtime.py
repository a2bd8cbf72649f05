"""The extension runtime of one process, put together."""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extensions.sdk.context import WorkspaceInfo
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.events import EventType
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.announcing import Announcing
from geminicrm.runtime.asking_for_jobs import JobDesk
from geminicrm.runtime.calls import CallMetrics, Calls
from geminicrm.runtime.context import Doors, ExtensionContext
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.dispatch import Dispatcher
from geminicrm.runtime.dry_doors import CallWorks
from geminicrm.runtime.events_sink import ExtensionSink
from geminicrm.runtime.extension_jobs import job_kind, schedule_kind
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.failure_book import Failure, FailureBook
from geminicrm.runtime.hooks import ExtensionHooks
from geminicrm.runtime.host.control import HostSpec, Running
from geminicrm.runtime.host.sandbox.machine import machine_level
from geminicrm.runtime.hosting.crash_loops import CrashLoops
from geminicrm.runtime.hosting.errands import Errands
from geminicrm.runtime.hosting.hosting import Hosting, HostingParts, no_requirements
from geminicrm.runtime.hosting.supervising import NoSupervisor, Supervisor
from geminicrm.runtime.leases import Leases
from geminicrm.runtime.ledger import Ledger
from geminicrm.runtime.levels import Levels
from geminicrm.runtime.live import Installed
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.packages import FilesOf, Packages, no_files
from geminicrm.runtime.record_door import Records
from geminicrm.runtime.runner import InstallRunner
from geminicrm.runtime.safe_mode import never
from geminicrm.runtime.schedules import ScheduleKeeper
from geminicrm.runtime.slots import Slots
from geminicrm.runtime.storage import Storage
from geminicrm.runtime.table import Table
from geminicrm.runtime.vault import Vault
from geminicrm.runtime.versions import Versions
from geminicrm.runtime.watch import Watch
from geminicrm.runtime.watching.watching import ComeBack, Watching

_FETCH_SECONDS = 10.0
_LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeOptions:
    """What the operator's settings say about running extensions.

    `kind` is the kind of process (web, worker, command line), `threads` how many threads it has
    for work, `seconds` what one call may take.
    """

    home: Path
    kind: str
    threads: int
    seconds: float

    @property
    def packages(self) -> Path:
        """Where the unpacked versions lie, by digest."""
        return self.home / "packages"

    @property
    def logs(self) -> Path:
        """Where each installation has its log."""
        return self.home / "logs" / "extensions"

    @property
    def machine(self) -> str:
        """What all processes share that share this home."""
        return f"{socket.gethostname()}:{self.home}"[-80:]


def no_report(_failures: Mapping[Failure, int]) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeParts:
    """What the runtime is built on.

    `supervisor` is the way to that of this machine, `present` the same where it must not be
    started; `machine` says what locks there are, and `requirements` where the Python packages of a
    version lie, by its manifest and digest; `files_of` gives the files of a package that is not
    on this machine; `own` tells which packages came with the CRM, which alone run in its process,
    and `safe` whether safe mode is on. `report` is told now and then which failures there were.
    """

    works: Works
    generations: Generations
    cipher: Cipher
    metrics: CallMetrics
    http: HttpClient
    workspace: Callable[[str], WorkspaceInfo]
    own: Callable[[str], bool]
    supervisor: Supervisor = field(default_factory=NoSupervisor)
    present: Supervisor = field(default_factory=NoSupervisor)
    machine: Callable[[], Mapping[str, str]] = machine_level
    requirements: Callable[[Manifest, str], Path | None] = no_requirements
    report: Callable[[Mapping[Failure, int]], object] = no_report
    files_of: FilesOf = no_files
    safe: Callable[[], bool] = never


SettingsSaver = Callable[[Actor, str, Mapping[str, Any]], None]
"""Stores settings of an extension, by its id, in the actor's workspace."""


class NotConnected(RuntimeError):
    """A part of the core was used before app.py connected it."""


class ExtensionRuntime:
    """Everything that executes extensions in this process.

    Records need the hooks and the doors need the records, so the runtime is built first and
    `connect` closes the circle. `start` and `stop` the watch, or call `reconcile` by hand.
    """

    def __init__(self, options: RuntimeOptions, parts: RuntimeParts) -> None:
        self.options = options
        works = parts.works
        doors_works = CallWorks(works)
        self._records: dict[str, Records] = {}
        self._save: SettingsSaver = _not_connected
        self._come_back: ComeBack = _stay
        self.logs = ExtensionLogs(options.logs)
        self._doors = Doors(
            records=self._records,
            http=parts.http,
            vault=Vault(parts.cipher),
            storage=Storage(doors_works),
            announcing=Announcing(doors_works),
            jobs=JobDesk(doors_works),
            logs=self.logs,
            workspace=parts.workspace,
            save_settings=self._save_settings,
        )
        self.ledger = Ledger(works)
        self.levels = Levels(works)
        slots = Slots(max(1, options.threads // 2))
        self.failures = FailureBook(self.logs)
        self.calls = Calls(slots, self.ledger, self._now, parts.metrics, works.clock, self.failures)
        self.packages = Packages(options.packages, parts.files_of)
        self.hosting = Hosting(self._hosting_parts(parts))
        self.versions = Versions(
            self.packages, self._doors, self.hosting, time.monotonic, parts.own, parts.safe
        )
        self.leases = Leases(works, options.machine, options.kind)
        self._errands = Errands()
        self.watching = Watching(
            works, parts.generations, self.leases.id, self._go_back, self._errands.run
        )
        self.convergence = Convergence(
            works,
            parts.generations,
            self.versions,
            self.leases,
            self._swapped,
        )
        self.convergence.watch = self.watching.counter
        self.hooks = ExtensionHooks(self.convergence, self.calls, options.seconds)
        self.dispatcher = Dispatcher(self.convergence, self.calls, options.seconds)
        self.sink = ExtensionSink(self.convergence, self.calls, options.seconds)
        self.kinds = (
            job_kind(self.convergence, self.calls, works),
            schedule_kind(self.convergence, self.calls, works),
        )
        self.schedules = ScheduleKeeper(works, parts.generations)
        self.runner = InstallRunner(
            self.versions,
            self.hosting,
            self.calls,
            options.seconds,
            self.convergence.tidy,
        )
        books = (self.ledger.flush, self.levels.flush, lambda: parts.report(self.failures.take()))
        self._watch = Watch(self.convergence, books, parts.metrics, self.watching.look)

    def connect(
        self,
        records: Mapping[str, Records],
        save_settings: SettingsSaver,
        come_back: ComeBack | None = None,
    ) -> None:
        """Give the doors their records (by kind: `lead`, ...) and the way to save settings.

        `come_back` returns from a watched version that fails; without it all stay.

        Before the first version is loaded: contexts take their doors when they are made.
        """
        self._records.update(records)
        self._save = save_settings
        self._come_back = come_back or _stay

    def start(self) -> None:
        """Load what is installed, say so, and follow every change from now on."""
        self.convergence.reconcile()
        self._wait_for_packages()
        self.convergence.acknowledge()
        self._watch.start()

    def stop(self) -> None:
        """Stop following, write the ledger, give up the lease, unload everything."""
        self._watch.stop()
        self._errands.wait()
        self.hosting.close()
        self.leases.give_up()
        self.versions.close()

    def reconcile(self) -> Table:
        """Bring the table up to date now; for tests and commands, which start no thread."""
        self.convergence.repair()
        table = self.convergence.reconcile()
        self.convergence.acknowledge()
        return table

    def wait_live(self, generation: int, seconds: float) -> bool:
        """Wait until every living worker of this machine serves the generation."""
        return self.convergence.wait_live(generation, seconds)

    def event_types(self, workspace_id: str) -> Sequence[EventType]:
        """Give the types of events that the extensions of a workspace announce."""
        return self.convergence.current().announced.get(workspace_id, ())

    def _wait_for_packages(self) -> None:
        """Have what other machines installed, as far as it comes soon, before anybody asks."""
        deadline = time.monotonic() + _FETCH_SECONDS
        while self.packages.busy() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)  # several threads fetch; the last one is waited for
        self.convergence.follow()

    def _save_settings(self, actor: Actor, installed: Installed, values: Mapping[str, Any]) -> None:
        self._save(actor, installed.extension_id, values)

    def _go_back(self, workspace_id: str, extension_id: str, digest: str, reason: str) -> bool:
        return self._come_back(workspace_id, extension_id, digest, reason)

    def _note_level(self, spec: HostSpec, running: Running) -> None:
        self.levels.note(spec.installation_id, running.level, locked=spec.locked)

    def _now(self, installation_id: str) -> Installed | None:
        table = self.convergence.current()
        return table.by_id.get(installation_id) or table.leaving.get(installation_id)

    def _swapped(self, table: Table) -> None:
        self.calls.keep_only({(one.id, one.digest) for one in table.by_id.values()})
        self.watching.swapped(table.watched, table.failed)
        self.hosting.swapped(table.generation, table.hosts())

    def _hosting_parts(self, parts: RuntimeParts) -> HostingParts:
        return HostingParts(
            packages=self.options.packages,
            supervisor=parts.supervisor,
            present=parts.present,
            context=lambda extension_id: ExtensionContext(extension_id, self._doors),
            started=self._note_level,
            switch_off=CrashLoops(parts.works, parts.generations, self._go_back).switch_off,
            machine=parts.machine,
            requirements=parts.requirements,
            seconds=self.options.seconds,
        )


def _stay(_workspace_id: str, _extension_id: str, _digest: str, _reason: str) -> bool:
    return False


def _not_connected(_actor: Actor, _extension_id: str, _values: Mapping[str, Any]) -> None:
    raise NotConnected("ExtensionRuntime.connect() has not been called")
