"""Finds runs that nobody works on any more, and ends them."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from sqlalchemy import select

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.owners import is_dead
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Work
from geminicrm.runtime.history.journal import DatabaseEntry
from geminicrm.runtime.history.models import ORDER, Run
from geminicrm.runtime.history.protocols import Lease
from geminicrm.runtime.install.lock import WorkspaceLock
from geminicrm.runtime.install.state import Tools
from geminicrm.runtime.models import InstallLock
from geminicrm.runtime.recovery.case import Case, TakeBack
from geminicrm.runtime.recovery.finish import finish_uninstall
from geminicrm.runtime.recovery.order import undo_order
from geminicrm.runtime.recovery.undo import undo_install, undo_restore, undo_staged

ENDINGS: Final[Mapping[str, Callable[[Case], None]]] = {
    "install": undo_install,
    "uninstall": finish_uninstall,
    "restore": undo_restore,
    "upgrade": undo_staged,
    "rollback": undo_staged,
    "return": undo_staged,
    ORDER: undo_order,
}
"""How a run of each kind is ended: all but an uninstall go back."""
_log = structlog.get_logger(__name__)


class Recovery:
    """Ends runs whose process was killed. A run that is `running` has not been decided.

    The lock of the workspace tells whether somebody works on it: a run goes on only while it is
    held. That of a process of this machine that is seen to be dead is taken over at once, any other
    when its lease has run out. Several processes may recover at once: one of them has the lock.
    """

    def __init__(self, tools: Tools, vault: Vault, take_back: TakeBack) -> None:
        self._tools = tools
        self._vault = vault
        self._take_back = take_back

    def recover(self) -> int:
        """End what was left undecided in all workspaces; give how many runs that were."""
        count = 0
        for workspace_id in self._left():
            try:
                with WorkspaceLock(self._tools.works, SystemActor(workspace_id)).held(0) as lease:
                    count += self.end(workspace_id, lease)
            except Unavailable:
                continue  # somebody else was faster, and does the same
        return count

    def end(self, workspace_id: str, lease: Lease) -> int:
        """End the runs of a workspace whose lock the caller holds; give how many.

        One that can't be ended now stays as it is, and is tried again.
        """
        actor = SystemActor(workspace_id)
        with self._tools.works.read(actor) as work:
            query = select(Run).where(Run.state == "running").order_by(Run.started_at, Run.id)
            # An order comes last: what was under way in it has to be ended before.
            runs = sorted(work.session.scalars(query), key=lambda run: run.kind == ORDER)
        return sum(self._end(self._case(run, actor, lease)) for run in runs)

    def _case(self, run: Run, actor: SystemActor, lease: Lease) -> Case:
        return Case(
            run=run,
            actor=actor,
            entry=DatabaseEntry(self._tools.works, actor, run.id, lease),
            lease=lease,
            tools=self._tools,
            vault=self._vault,
            take_back=self._take_back,
        )

    def _end(self, case: Case) -> bool:
        run, ending = case.run, ENDINGS.get(case.run.kind)
        about = {"run": run.id, "kind": run.kind, "extension_id": run.extension_id}
        try:
            case.lease.renew()
            if ending is None:
                _log.error("a run of an unknown kind was left behind", **about)
                return False
            ending(case)
        except Exception:  # noqa: BLE001 - border: one run must not keep the others, nor the next change
            _log.exception("a run could not be ended; it is tried again", step=run.step, **about)
            return False
        _log.warning("a run was ended whose process had died", step=run.step, **about)
        return True

    def _left(self) -> list[str]:
        """Name the workspaces with something to end that nobody works on."""
        with self._tools.works.across_workspaces("recovery: look for runs") as work:
            running = select(Run.workspace_id).where(Run.state == "running").distinct()
            left = set(work.session.scalars(running))
            for lock in work.session.scalars(select(InstallLock).where(InstallLock.holder != "")):
                if is_dead(lock.owner or ""):
                    left.add(lock.workspace_id)
                elif _is_held(work, lock):
                    left.discard(lock.workspace_id)
        return sorted(left)


def _is_held(work: Work, lock: InstallLock) -> bool:
    return lock.until > work.now
