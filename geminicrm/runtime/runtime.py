"""The extension runtime of one process, put together."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from geminicrm.connections.outgoing.client import OutsideClient
from geminicrm.connections.table import ConnectionTable
from geminicrm.kernel.events import EventType
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor
from geminicrm.runtime.announcing import Announcing
from geminicrm.runtime.asking_for_jobs import JobDesk
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.capabilities import Capabilities
from geminicrm.runtime.connecting import Connecting
from geminicrm.runtime.context import Doors, ExtensionContext
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.dispatch import Dispatcher
from geminicrm.runtime.dry_doors import CallWorks
from geminicrm.runtime.events_sink import ExtensionSink
from geminicrm.runtime.extension_jobs import job_kind, schedule_kind
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.failure_book import FailureBook
from geminicrm.runtime.hooks import ExtensionHooks
from geminicrm.runtime.host.control import HostSpec, Running
from geminicrm.runtime.hosting.crash_loops import CrashLoops
from geminicrm.runtime.hosting.errands import Errands
from geminicrm.runtime.hosting.hosting import Hosting, HostingParts
from geminicrm.runtime.leases import Leases
from geminicrm.runtime.ledger import Ledger
from geminicrm.runtime.levels import Levels
from geminicrm.runtime.live import Installed
from geminicrm.runtime.packages import Packages
from geminicrm.runtime.parts import GUEST, RuntimeOptions, RuntimeParts
from geminicrm.runtime.record_door import Records
from geminicrm.runtime.runner import InstallRunner
from geminicrm.runtime.schedules import ScheduleKeeper
from geminicrm.runtime.slots import Slots
from geminicrm.runtime.storage import Storage
from geminicrm.runtime.table import Table
from geminicrm.runtime.versions import Versions
from geminicrm.runtime.watch import Watch
from geminicrm.runtime.watching.watching import ComeBack, Watching

_FETCH_SECONDS = 10.0
_LOOK_SECONDS = 0.01


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
        self._records: dict[str, Records] = {}
        self._save: SettingsSaver = _not_connected
        self._come_back: ComeBack = _stay
        self.logs = ExtensionLogs(options.logs)
        self.connections = table = ConnectionTable(works, parts.generations)
        self.outside = _outside(parts, table, guest=options.kind == GUEST)
        self._doors = self._make_doors(parts)
        self.ledger = Ledger(works)
        self.levels = Levels(works)
        self.failures = FailureBook(self.logs)
        self.calls = Calls(
            Slots(max(1, options.threads // 2)),
            self.ledger, self._now, parts.metrics, works.clock, self.failures,
        )  # fmt: skip
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
        self.capabilities = Capabilities(self.convergence, self.calls, self.connections)
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

        `come_back` returns from a watched version that fails. Before the first version is loaded!
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
        """Stop following, write ledger and log, give up the lease, unload everything."""
        self._watch.stop()
        self.outside.stop()
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

    def runs(self, extension_id: str) -> bool:
        """Tell whether an extension is served in any workspace."""
        return any(name == extension_id for _, name in self.convergence.current().by_name)

    def context(self, extension_id: str) -> ExtensionContext:
        """Give the doors of an extension, for what the core does in its name."""
        return ExtensionContext(extension_id, self._doors)

    def _make_doors(self, parts: RuntimeParts) -> Doors:
        works = CallWorks(parts.works)
        vault = Vault(parts.cipher)
        self.connecting = Connecting(self.connections, vault, parts.tokens, parts.shared)
        return Doors(
            records=self._records,
            outside=self.outside,
            vault=vault,
            storage=Storage(works),
            announcing=Announcing(works),
            jobs=JobDesk(works),
            logs=self.logs,
            connecting=self.connecting,
            workspace=parts.workspace,
            save_settings=self._save_settings,
            capabilities=lambda: self.capabilities,
        )

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
        self.watching.swapped(table.watched, table.failed())
        self.hosting.swapped(table.generation, table.hosts())

    def _hosting_parts(self, parts: RuntimeParts) -> HostingParts:
        return HostingParts(
            packages=self.options.packages,
            supervisor=parts.supervisor,
            present=parts.present,
            context=self.context,
            started=self._note_level,
            switch_off=CrashLoops(parts.works, parts.generations, self._go_back).switch_off,
            machine=parts.machine,
            requirements=parts.requirements,
            seconds=self.options.seconds,
        )


def _outside(parts: RuntimeParts, table: ConnectionTable, *, guest: bool) -> OutsideClient:
    made = OutsideClient(parts.works, parts.generations, parts.http, parts.metrics, table)
    made.standing.guest = guest
    return made


def _stay(_workspace_id: str, _extension_id: str, _digest: str, _reason: str) -> bool:
    return False


def _not_connected(_actor: Actor, _extension_id: str, _values: Mapping[str, Any]) -> None:
    raise NotConnected("ExtensionRuntime.connect() has not been called")
