"""What every change of the life cycle is made with."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from geminicrm.kernel.errors import ScopeMissing
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.changes import Change, Meter
from geminicrm.runtime.history.protocols import Lease
from geminicrm.runtime.install.lock import WorkspaceLock
from geminicrm.runtime.install.pipeline import Pipeline, Run
from geminicrm.runtime.install.state import Tools
from geminicrm.runtime.inventory import Inventory, Live, find
from geminicrm.runtime.recovery.recovery import Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The same for all of a process; `live_seconds` is how long an answer waits for the workers."""

    pipeline: Pipeline
    vault: Vault
    live: Live
    meter: Meter
    inventory: Inventory
    recovery: Recovery
    allow_unsigned: bool
    live_seconds: float

    @property
    def tools(self) -> Tools:
        """What steps act through."""
        return self.pipeline.tools

    @property
    def works(self) -> Works:
        """What opens units of work."""
        return self.tools.works

    @contextlib.contextmanager
    def changing(self, actor: Actor, within: Lease | None = None) -> Iterator[Lease]:
        """Hold the lock of the actor's workspace, with all ended that killed processes had begun.

        `within` is the lock of the order that the change is part of, which holds it already.
        Raises Unavailable where others keep it for too long.
        """
        if within is not None:
            yield within
            return
        with WorkspaceLock(self.works, actor).held() as lease:
            self.recovery.end(actor.workspace_id, lease)
            yield lease

    def changed(
        self, actor: Actor, extension_id: str, generation: int, run: Run | None = None
    ) -> Change:
        """Wait for the workers, then give an installation as it is after a change.

        An order to stop the version may have come while it was changed: it is looked for once more.
        """
        with self.works.read(actor) as work:
            registry_id = find(work, extension_id).registry_id
        self.tools.quarantine.apply(registry_id)
        live = self.live.wait_live(generation, self.live_seconds)
        with self.works.read(actor) as work:
            installation = self.inventory.present(work, find(work, extension_id))
        return Change(
            installation={**installation, "live": live},
            generation=generation,
            live=live,
            steps=run.times if run else (),
            warnings=tuple(found.message for found in run.warnings) if run else (),
        )


def require(actor: Actor, scope: str) -> None:
    """Raise ScopeMissing before anything is looked at."""
    if not actor.allows(scope):
        raise ScopeMissing(scope, actor.label)
