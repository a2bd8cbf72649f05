"""The life of an installation: planned, installed, configured, switched, uninstalled."""

import builtins
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime import crash_notices
from geminicrm.runtime.changes import Change, Data, Meter, Removed
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.dependents import refuse_if_lacking, refuse_if_needed
from geminicrm.runtime.drafts import installation_ids, used_folders
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.history.protocols import Lease
from geminicrm.runtime.history.versions import prune
from geminicrm.runtime.install.files import collect, collect_temporary
from geminicrm.runtime.install.pipeline import Pipeline
from geminicrm.runtime.installs import Installs
from geminicrm.runtime.inventory import MANAGE, Inventory, Live, find, find_or_none
from geminicrm.runtime.kit import Kit, require
from geminicrm.runtime.plan import Kind, Plan
from geminicrm.runtime.planner import Planner
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.recovery.recovery import Recovery
from geminicrm.runtime.removals import Removals
from geminicrm.runtime.rights import Rights, RightsChange
from geminicrm.runtime.settings_values import Stored, changed_names, merge, own_values
from geminicrm.runtime.upgrades import Upgrades

DAY_SECONDS = 86_400.0


class LifeCycle(Rights):
    """Every change of what is installed; each needs `manage:extensions`, is audited and spread."""

    def __init__(
        self,
        pipeline: Pipeline,
        vault: Vault,
        live: Live,
        meter: Meter,
        *,
        allow_unsigned: bool = False,
        live_seconds: float = 5.0,
    ) -> None:
        self.pipeline = pipeline
        self._tools = pipeline.tools
        self._works = pipeline.tools.works
        self._vault = vault
        self._meter = meter
        self.allow_unsigned = allow_unsigned
        self.inventory = Inventory(self._works, self._tools, vault, live)
        self.recovery = Recovery(self._tools, vault, self._take_back)
        self._kit = Kit(
            pipeline=pipeline,
            vault=vault,
            live=live,
            meter=meter,
            inventory=self.inventory,
            recovery=self.recovery,
            allow_unsigned=allow_unsigned,
            live_seconds=live_seconds,
        )
        self.quarantine = pipeline.tools.quarantine
        self.removals = Removals(self._kit)
        self.planner = Planner(pipeline, vault)
        self.upgrades = Upgrades(
            self._kit, self.planner, Installs(self._kit, self.planner), self.removals
        )
        self.orders = self.upgrades.orders

    @property
    def kit(self) -> Kit:
        """What every change is made with."""
        return self._kit

    def plan(
        self,
        actor: Actor,
        extension_id: str,
        version: str | None = None,
        *,
        allow_unsigned: bool = False,
    ) -> Plan:
        """Tell what an install would do. Raises NotFound, InstallFailed; changes nothing."""
        require(actor, MANAGE)
        request = InstallRequest(
            extension_id=extension_id, version=version, allow_unsigned=allow_unsigned
        )
        return self.orders.plan(actor, request)

    def preview(
        self,
        actor: Actor,
        extension_id: str,
        version: str | None = None,
        action: Kind | None = None,
        *,
        allow_unsigned: bool = False,
    ) -> Plan:
        """Tell what a change would do; None upgrades what is installed, and installs the rest.

        Raises NotFound, NotInstalled, NothingBefore, InstallFailed, and what an upgrade raises.
        """
        require(actor, MANAGE)
        match action or self._usual(actor, extension_id):
            case "install":
                return self.plan(actor, extension_id, version, allow_unsigned=allow_unsigned)
            case "upgrade":
                unsigned = allow_unsigned
                return self.upgrades.plan(actor, extension_id, version, allow_unsigned=unsigned)
            case "rollback":
                return self.planner.rollback(actor, extension_id, version)
            case "uninstall":
                return self.planner.uninstall(actor, extension_id)

    def install(self, actor: Actor, request: InstallRequest) -> Change:
        """Install a version and answer when it is live, or when that takes too long.

        Extensions that it needs come first, as one order. Raises NotFound, AlreadyInstalled,
        ConsentRequired, TrustRequired, ValidationFailed (a wrong grant), ScopeMissing,
        InstallFailed, Unavailable; after an error nothing is changed.
        """
        require(actor, MANAGE)
        return self.orders.make(actor, request)

    def configure(self, actor: Actor, extension_id: str, values: Mapping[str, Any]) -> Change:
        """Change the given settings and leave the others; see `settings_values.merge`.

        Raises NotInstalled, ValidationFailed with a finding per setting (`/<setting id>`).
        """
        with self._works.write(actor) as work:
            work.require(MANAGE)
            generation = self._store_settings(work, extension_id, values)
        return self._kit.changed(actor, extension_id, generation)

    def save_settings(self, actor: Actor, extension_id: str, values: Mapping[str, Any]) -> None:
        """Store settings that the extension itself sets, as `actor`; it needs no scope for those.

        Raises as `configure`, also for settings that name hosts: those are for an admin to change.
        """
        with self._works.write(actor) as work:
            row = find(work, extension_id)
            own = own_values(manifest_of(row), row.settings, values)
            self._store_settings(work, extension_id, own)

    def enable(self, actor: Actor, extension_id: str) -> Change:
        """Let it run. Raises NotInstalled, Conflict where what it requires is not there."""
        return self._switch(actor, extension_id, enabled=True)

    def disable(self, actor: Actor, extension_id: str) -> Change:
        """Stop it: routes, hooks, events. Raises NotInstalled, StillNeeded."""
        return self._switch(actor, extension_id, enabled=False)

    def uninstall(self, actor: Actor, extension_id: str, data: Data = "keep") -> Removed:
        """Remove it; see `Removals.uninstall`."""
        return self.removals.uninstall(actor, extension_id, data)

    def collect(self, older_than: float = DAY_SECONDS) -> builtins.list[str]:
        """Remove package folders that no workspace uses and that are older than some seconds.

        Their Python packages go with them, and the logs of what is not installed any more once they
        are that old; so does what was removed 30 days ago, and history that is too long. Gives the
        names of the package folders.
        """
        self.removals.collect()
        prune(self._works)
        collect_temporary(DAY_SECONDS)
        self._tools.logs.collect(installation_ids(self._works), older_than)
        removed = collect(self._tools.packages, self._used, older_than)
        self._tools.requirements.collect(self._used, older_than)
        return removed

    def get(self, actor: Actor, extension_id: str) -> dict[str, Any]:
        """Give one installation. Raises NotInstalled."""
        return self.inventory.get(actor, extension_id)

    def list(self, actor: Actor) -> builtins.list[dict[str, Any]]:
        """Give all installations of the workspace by extension id."""
        return self.inventory.all(actor)

    def _usual(self, actor: Actor, extension_id: str) -> Kind:
        with self._works.read(actor) as work:
            return "upgrade" if find_or_none(work, extension_id) else "install"

    def _take_back(self, actor: Actor, run: Run, data: Data, lease: Lease) -> None:
        # What recovers is made before what makes orders, which needs it.
        self.orders.take_back(actor, run, data, lease)

    def _used(self) -> set[str]:
        return used_folders(self._works)

    def _store_settings(self, work: Work, extension_id: str, values: Mapping[str, Any]) -> int:
        row = find(work, extension_id)
        before = Stored(row.settings, self._vault.open(row.secrets))
        after = merge(manifest_of(row).settings, before, values)
        row.settings = dict(after.plain)
        row.secrets = self._vault.seal(after.secrets)
        row.updated_at = work.now
        names = changed_names(before, after)
        work.audit("extension.configured", extension_id, {"settings": names})
        return self._tools.generations.bump(work, RUNTIME)

    @override
    def _change_rights(self, actor: Actor, extension_id: str, change: RightsChange) -> Change:
        with self._works.write(actor) as work:
            work.require(MANAGE)
            row = find(work, extension_id)
            change(work, row)
            row.updated_at = work.now
            generation = self._tools.generations.bump(work, RUNTIME)
        return self._kit.changed(actor, extension_id, generation)

    def _switch(self, actor: Actor, extension_id: str, *, enabled: bool) -> Change:
        with self._works.write(actor) as work:
            work.require(MANAGE)
            row = find(work, extension_id)
            if enabled:
                self.quarantine.refuse(row.registry_id, extension_id, row.version)
                refuse_if_lacking(work, row)
            else:
                refuse_if_needed(work, extension_id)
            row.enabled = enabled
            row.status = "enabled" if enabled else "disabled"
            row.error = None
            row.updated_at = work.now
            crash_notices.settle(work, row)
            work.audit(f"extension.{row.status}", extension_id, {"enabled": enabled})
            self._tools.generations.bump(work, AUTH)
            generation = self._tools.generations.bump(work, RUNTIME)
        if enabled:
            self._tools.runner.forgive(row.id)
        return self._kit.changed(actor, extension_id, generation)
