"""The life of an installation: planned, installed, configured, switched, uninstalled."""

import builtins
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from geminicrm.kernel.errors import AppError, ScopeMissing
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.changes import Change, Data, Meter, Removed
from geminicrm.runtime.consent import InstallRequest, agreed
from geminicrm.runtime.dependents import refuse_if_lacking, refuse_if_needed
from geminicrm.runtime.drafts import (
    draft_of,
    installation_ids,
    kept_settings,
    used_folders,
)
from geminicrm.runtime.install.files import collect
from geminicrm.runtime.install.lock import WorkspaceLock
from geminicrm.runtime.install.pipeline import Pipeline, Run
from geminicrm.runtime.install.state import Consent, Draft, Lease, Order
from geminicrm.runtime.inventory import MANAGE, Inventory, Live, find, find_or_none
from geminicrm.runtime.plan import Plan, make_plan
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.problems import AlreadyInstalled
from geminicrm.runtime.removal import remove_installation
from geminicrm.runtime.rights import Rights, RightsChange
from geminicrm.runtime.settings_values import Stored, changed_names, merge, own_values
from geminicrm.runtime.storage import count_documents
from geminicrm.runtime.vault import Vault

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
        self._live = live
        self._meter = meter
        self._live_seconds = live_seconds
        self.allow_unsigned = allow_unsigned
        self.inventory = Inventory(self._works, self._tools, vault, live)

    def plan(
        self,
        actor: Actor,
        extension_id: str,
        version: str | None = None,
        *,
        allow_unsigned: bool = False,
    ) -> Plan:
        """Tell what an install would do. Raises NotFound, InstallFailed; changes nothing."""
        _require(actor, MANAGE)
        order = Order(
            actor=actor,
            extension_id=extension_id,
            version=version,
            allow_unsigned=allow_unsigned or self.allow_unsigned,
        )
        return self._plan(self.pipeline.look(order))

    def install(self, actor: Actor, request: InstallRequest) -> Change:
        """Install a version and answer when it is live, or when that takes too long.

        Raises NotFound, AlreadyInstalled, ConsentRequired, TrustRequired, ValidationFailed (a
        wrong grant), ScopeMissing, InstallFailed, Unavailable; after an error nothing is changed.
        """
        _require(actor, MANAGE)
        started = time.perf_counter()
        try:
            with WorkspaceLock(self._works, actor).held() as lease:
                run = self._installed(actor, request, lease)
        except AppError as error:
            self._meter.install("install", error.code, time.perf_counter() - started)
            raise
        for each in run.times:
            self._meter.install(f"install.{each.step}", "ok", each.seconds)
        change = self._changed(actor, request.extension_id, run.state.generation, run)
        self._meter.install("install", "ok", time.perf_counter() - started)
        return change

    def configure(self, actor: Actor, extension_id: str, values: Mapping[str, Any]) -> Change:
        """Change the given settings and leave the others; see `settings_values.merge`.

        Raises NotInstalled, ValidationFailed with a finding per setting (`/<setting id>`).
        """
        with self._works.write(actor) as work:
            work.require(MANAGE)
            generation = self._store_settings(work, extension_id, values)
        return self._changed(actor, extension_id, generation)

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
        """Remove it; settings and documents stay for a later install, unless `data` is "purge".

        Its own `uninstall()` is run first; where that fails it is removed all the same. Raises
        NotInstalled, StillNeeded, Unavailable.
        """
        _require(actor, MANAGE)
        started = time.perf_counter()
        with WorkspaceLock(self._works, actor).held() as lease:
            with self._works.read(actor) as work:
                row = find(work, extension_id)
                refuse_if_needed(work, extension_id)
            warning = self._run_uninstall(actor, draft_of(row, self._vault, self._tools.packages))
            with self._works.write(actor) as work:
                lease.confirm(work)
                generation, documents = self._remove(work, extension_id, data, warning)
        live = self._live.wait_live(generation, self._live_seconds)
        self._meter.install("uninstall", "ok", time.perf_counter() - started)
        return Removed(
            extension_id=extension_id,
            kept=data == "keep",
            documents=documents,
            warning=warning,
            generation=generation,
            live=live,
        )

    def collect(self, older_than: float = DAY_SECONDS) -> builtins.list[str]:
        """Remove package folders that no workspace uses and that are older than some seconds.

        Their Python packages go with them, and the logs of what is not installed any more once they
        are that old. Gives the names of the package folders.
        """
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

    def _used(self) -> set[str]:
        return used_folders(self._works)

    def _installed(self, actor: Actor, request: InstallRequest, lease: Lease) -> Run:
        with self._works.read(actor) as work:
            if find_or_none(work, request.extension_id) is not None:
                raise AlreadyInstalled(request.extension_id)
        order = Order(
            actor=actor,
            extension_id=request.extension_id,
            version=request.version,
            allow_unsigned=request.allow_unsigned or self.allow_unsigned,
            progress=request.progress,
        )
        looked = self.pipeline.look(order)
        plan = self._plan(looked)
        consent = Consent(
            granted=agreed(actor, plan, request),
            trusted=plan.trust_required,
            settings=kept_settings(self._works, self._vault, actor, looked.state.manifest),
        )
        try:
            return self.pipeline.act(looked, consent, lease)
        except IntegrityError as error:
            raise AlreadyInstalled(request.extension_id) from error

    def _plan(self, looked: Run) -> Plan:
        order = looked.state.order
        with self._works.read(order.actor) as work:
            kept = count_documents(work, order.extension_id)
        return make_plan(looked, kept, confines=self._tools.confines())

    def _store_settings(self, work: Work, extension_id: str, values: Mapping[str, Any]) -> int:
        row = find(work, extension_id)
        before = Stored(row.settings, self._vault.open(row.secrets))
        after = merge(manifest_of(row), before, values)
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
        return self._changed(actor, extension_id, generation)

    def _switch(self, actor: Actor, extension_id: str, *, enabled: bool) -> Change:
        with self._works.write(actor) as work:
            work.require(MANAGE)
            row = find(work, extension_id)
            if enabled:
                refuse_if_lacking(work, row)
            else:
                refuse_if_needed(work, extension_id)
            row.enabled = enabled
            row.status = "enabled" if enabled else "disabled"
            row.error = None
            row.updated_at = work.now
            work.audit(f"extension.{row.status}", extension_id, {"enabled": enabled})
            self._tools.generations.bump(work, AUTH)
            generation = self._tools.generations.bump(work, RUNTIME)
        if enabled:
            self._tools.runner.forgive(row.id)
        return self._changed(actor, extension_id, generation)

    def _run_uninstall(self, actor: Actor, draft: Draft) -> str | None:
        try:
            outcome = self._tools.runner.uninstall(actor, draft)
        except AppError as error:
            return str(error)
        return None if outcome.success else outcome.message or "It answered that it failed."

    def _remove(
        self, work: Work, extension_id: str, data: Data, warning: str | None
    ) -> tuple[int, int]:
        work.require(MANAGE)
        refuse_if_needed(work, extension_id)
        row, documents = remove_installation(work, extension_id, data, warning)
        if data == "purge":
            work.after_commit(lambda: self._tools.logs.remove(row.id))
        self._tools.generations.bump(work, AUTH)
        return self._tools.generations.bump(work, RUNTIME), documents

    def _changed(
        self, actor: Actor, extension_id: str, generation: int, run: Run | None = None
    ) -> Change:
        live = self._live.wait_live(generation, self._live_seconds)
        with self._works.read(actor) as work:
            installation = self.inventory.present(find(work, extension_id))
        return Change(
            installation={**installation, "live": live},
            generation=generation,
            live=live,
            steps=run.times if run else (),
            warnings=tuple(found.message for found in run.warnings) if run else (),
        )


def _require(actor: Actor, scope: str) -> None:
    if not actor.allows(scope):
        raise ScopeMissing(scope, actor.label)
