"""A home that processes are killed over, and all that can be seen of it afterwards."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from geminicrm.app import Core, build_core, create_app
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import NotFound
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation, Run
from geminicrm.runtime.host.control import Look, States
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient
from geminicrm.runtime.models import Installation, InstallLock, KeptSettings, StoredDocument
from geminicrm.runtime.removal import out_of_reach
from tests.support.core import Tenant
from tests.support.killing.child import Errand
from tests.support.killing.scenarios import SUBJECT, Scenario, install
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
Seen = dict[str, Any]


@dataclass(frozen=True)
class Killed:
    """What became of the process: whether it was killed, and the moments it told of if not."""

    killed: bool
    moments: list[str]
    errors: str


@dataclass(frozen=True)
class Home:
    """`core` stays open, as a server's processes do that are not killed; `tenant` is in it."""

    core: Core
    tenant: Tenant

    @property
    def actor(self) -> SystemActor:
        """Who acts."""
        return self.tenant.system()

    def run(self, scenario: Scenario, kill_at: int) -> Killed:
        """Run what a scenario does in a process of its own, killed at a moment (0: never)."""
        url = self.core.database.engine.url.render_as_string(hide_password=False)
        errand = Errand(
            scenario=scenario.name,
            home=str(self.core.settings.home),
            key=self.core.settings.encryption_keys[0],
            database=url,
            workspace=self.tenant.id,
            kill_at=kill_at,
        )
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.killing.child", errand.to_json()],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        moments = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else []
        return Killed(done.returncode < 0, moments, done.stderr)

    def recovered(self) -> None:
        """Start anew, as after a restart, and end what was left."""
        fresh = build_core(self.core.settings)
        try:
            fresh.life_cycle.recovery.recover()
        finally:
            fresh.close()

    def look(self) -> Seen:
        """Tell all there is, ids and times apart."""
        with self.core.works.read(self.actor) as work:

            def every(kind: type[Any], shape: Callable[[Any], object]) -> list[object]:
                return sorted(map(shape, work.session.scalars(select(kind))), key=repr)

            removed = every(RemovedInstallation, lambda row: row.id)
            asides = {out_of_reach(str(one)): "~" for one in removed}
            ids = {row.id for row in work.session.scalars(select(Installation))}
            known = ids | {
                row.facts["id"] for row in work.session.scalars(select(RemovedInstallation))
            }
            return {
                "installed": every(Installation, _installation),
                "removed": every(RemovedInstallation, lambda row: (row.data, row.documents)),
                "kept": every(KeptSettings, lambda row: row.settings),
                "versions": every(InstalledVersion, lambda row: (row.version, row.outcome)),
                "documents": every(
                    StoredDocument,
                    lambda row: (asides.get(row.extension_id, row.extension_id), row.key),
                ),
                "running": every(Run, lambda row: row.state == "running").count(True),
                "locked": every(InstallLock, lambda row: row.holder != "").count(True),
                "files": self._files(),
                "logs of others": sorted(set(self._logs()) - known),
                "hosts of others": sorted(self._hosts() - ids),
            }

    def answers(self) -> bool:
        """Tell whether the installed version answers a request, with its settings.

        Its host is no draft any more then: the supervisor ends it as soon as it is not wanted.
        """
        self.core.runtime.reconcile()
        client = create_app(core=self.core).test_client()
        answer = client.get(f"/api/extensions/{SUBJECT}/version", headers=self.tenant.headers())
        with self.core.works.read(self.actor) as work:
            query = select(Installation.version).where(Installation.extension_id == SUBJECT)
            version = work.session.scalar(query)
        return answer.status_code == 200 and answer.json == {
            "version": version,
            "account": "acc_1",
        }

    def clean(self) -> None:
        """Take everything away by the usual ways, after installing it where it is not."""
        try:
            self.core.life_cycle.get(self.actor, SUBJECT)
        except NotFound:
            install(self.core, self.actor)
        # Those on top come later in the alphabet, and have to go first.
        for one in reversed(self.core.life_cycle.list(self.actor)):
            self.core.life_cycle.uninstall(self.actor, one["extension_id"], "purge")
        removals = self.core.life_cycle.removals
        for one in removals.removed(self.actor):
            removals.forget(self.actor, one["id"])
        self.core.runtime.reconcile()
        # The end of a host is written down in its log, which would be there again after that.
        eventually(lambda: not self._hosts(), 10)
        # What is made within this second is young, and the collector leaves the young alone.
        self.core.life_cycle.collect(older_than=-1.0)

    def _files(self) -> list[str]:
        home = self.core.settings.home
        rooms = ("packages", "requirements", "requirements/by-package")
        found = (path for room in rooms for path in (home / room).glob("*"))
        return sorted(path.name for path in found if path.name not in {".lock", "by-package"})

    def _logs(self) -> list[str]:
        return [path.name.partition(".")[0] for path in self.core.runtime.logs.folder.glob("*")]

    def _hosts(self) -> set[str]:
        client = SupervisorClient(self.core.settings.home)
        try:
            given = client.ask(Look(), time.monotonic() + 10)
        finally:
            client.close()
        assert isinstance(given, States)
        return {host.installation_id for host in given.hosts}


def _installation(row: Installation) -> object:
    return (row.extension_id, row.version, row.enabled, row.settings, row.secrets is not None)
