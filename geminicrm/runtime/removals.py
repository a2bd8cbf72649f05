"""Uninstalling, and the way back."""

import time
from typing import Any

from sqlalchemy import select

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.changes import Change, Data, Removed
from geminicrm.runtime.dependents import refuse_if_needed
from geminicrm.runtime.history.models import RemovedInstallation, Run
from geminicrm.runtime.history.protocols import Intent, Lease
from geminicrm.runtime.install.lock import WorkspaceLock
from geminicrm.runtime.inventory import MANAGE, READ, find, find_or_none
from geminicrm.runtime.kit import Kit, require
from geminicrm.runtime.removal import Gone, Uninstall, forget_removed
from geminicrm.runtime.restoring import Restoring, find_removed


class Removals:
    """Takes installations away, and brings them back for 30 days."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._works = kit.works
        self._tools = kit.tools

    def uninstall(
        self, actor: Actor, extension_id: str, data: Data = "keep", within: Lease | None = None
    ) -> Removed:
        """Remove it; settings and documents stay for a later install, unless `data` is "purge".

        Its own `uninstall()` is run first; where that fails it is removed all the same. For 30 days
        `restore` brings it back, also with what was purged. Raises NotInstalled, StillNeeded,
        Unavailable.
        """
        require(actor, MANAGE)
        started = time.perf_counter()
        with self._kit.changing(actor, within) as lease:
            gone = self._uninstalled(actor, extension_id, data, lease)
        live = self._kit.live.wait_live(gone.generation, self._kit.live_seconds)
        self._kit.meter.install("uninstall", "ok", time.perf_counter() - started)
        return Removed(
            extension_id=extension_id,
            removal_id=gone.removal_id,
            kept=data == "keep",
            documents=gone.documents,
            warning=gone.warning,
            generation=gone.generation,
            live=live,
        )

    def take_back(self, actor: Actor, run: Run, data: Data, within: Lease) -> None:
        """Remove what a run installed for an order that failed; nothing is left to be restored.

        May be done again where its process was killed half way.
        """
        with self._works.read(actor) as work:
            row = find_or_none(work, run.extension_id)
        if row is not None and row.digest == run.to_digest:
            self.uninstall(actor, run.extension_id, data, within)
        query = select(RemovedInstallation.id).where(
            RemovedInstallation.extension_id == run.extension_id,
            RemovedInstallation.removed_at >= run.started_at,
        )
        with self._works.read(actor) as work:
            left = work.session.scalars(query).all()
        for removal_id in left:
            self.forget(actor, removal_id, within)

    def removed(self, actor: Actor) -> list[dict[str, Any]]:
        """Give what can be brought back, the last removed first."""
        with self._works.read(actor) as work:
            work.require(READ)
            query = (
                select(RemovedInstallation)
                .where(RemovedInstallation.expires_at > work.now)
                .order_by(RemovedInstallation.removed_at.desc(), RemovedInstallation.id.desc())
            )
            return [_shape(row) for row in work.session.scalars(query)]

    def restore(self, actor: Actor, removal_id: str) -> Change:
        """Bring back an installation as it was; its `install()` is run again.

        Raises NotFound, InstalledAnew, PackageGone, Conflict where what it requires is not there,
        InstallFailed, Unavailable; after an error nothing is changed.
        """
        require(actor, MANAGE)
        started = time.perf_counter()
        with self._kit.changing(actor) as lease:
            try:
                restoring = Restoring(kit=self._kit, actor=actor, lease=lease)
                extension_id, generation = restoring.run(removal_id)
            except BaseException:
                self._kit.recovery.end(actor.workspace_id, lease)
                raise
        change = self._kit.changed(actor, extension_id, generation)
        self._kit.meter.install("restore", "ok", time.perf_counter() - started)
        return change

    def forget(self, actor: Actor, removal_id: str, within: Lease | None = None) -> None:
        """Delete for good what was kept for a way back. Raises NotFound, Unavailable."""
        require(actor, MANAGE)
        with self._kit.changing(actor, within) as lease, self._works.write(actor) as work:
            lease.confirm(work)
            removed = find_removed(work, removal_id)
            work.audit("extension.forgotten", removed.extension_id, {"version": removed.version})
            self._forget(work, removed)

    def collect(self) -> int:
        """Forget what nobody brought back in time, in all workspaces; give how many that were."""
        with self._works.across_workspaces("removals: what has run out") as work:
            query = select(RemovedInstallation).where(RemovedInstallation.expires_at <= work.now)
            old = [(row.workspace_id, row.id) for row in work.session.scalars(query)]
        return sum(self._collected(*one) for one in old)

    def _uninstalled(self, actor: Actor, extension_id: str, data: Data, lease: Lease) -> Gone:
        with self._works.read(actor) as work:
            row = find(work, extension_id)
            refuse_if_needed(work, extension_id)
        intent = Intent(
            kind="uninstall",
            extension_id=extension_id,
            from_version=row.version,
            from_digest=row.digest,
            facts={"data": data},
        )
        entry = self._tools.journal.begin(actor, intent, lease)
        uninstall = Uninstall(
            tools=self._tools,
            vault=self._kit.vault,
            actor=actor,
            entry=entry,
            lease=lease,
            extension_id=extension_id,
            data=data,
            removed_by=actor.label,
        )
        try:
            return uninstall.remove(uninstall.run_uninstall())
        except Exception as error:
            entry.undone(str(error))
            raise

    def _collected(self, workspace_id: str, removal_id: str) -> bool:
        actor = SystemActor(workspace_id)
        try:
            with (
                WorkspaceLock(self._works, actor).held(0) as lease,
                self._works.write(actor) as work,
            ):
                lease.confirm(work)
                removed = work.session.get(RemovedInstallation, removal_id)
                if removed is not None:
                    self._forget(work, removed)
        except Unavailable:
            return False  # somebody changes the workspace; the next sweep comes soon
        return removed is not None

    def _forget(self, work: Work, removed: RemovedInstallation) -> None:
        forget_removed(work, removed)
        if removed.data == "purge":
            installation_id = removed.facts["id"]
            work.after_commit(lambda: self._tools.logs.remove(installation_id))


def _shape(row: RemovedInstallation) -> dict[str, Any]:
    return {
        "id": row.id,
        "extension_id": row.extension_id,
        "name": row.facts["manifest"]["name"],
        "version": row.version,
        "data": row.data,
        "documents": row.documents,
        "removed_at": format_instant(row.removed_at),
        "removed_by": row.removed_by,
        "expires_at": format_instant(row.expires_at),
    }
