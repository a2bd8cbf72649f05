"""Makes the plan of an order: looks at each version of it and at whom it touches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.history.versions import chosen, history
from geminicrm.runtime.impact import affected_by
from geminicrm.runtime.install.pipeline import Pipeline, Run
from geminicrm.runtime.install.resolve import fitting, universe_of
from geminicrm.runtime.install.state import Order, Refused
from geminicrm.runtime.inventory import find, find_or_none
from geminicrm.runtime.models import Installation
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.plan_changes import Before
from geminicrm.runtime.plan_making import Surroundings, make_plan, rollback_plan, uninstall_plan
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.problems import InstallFailed
from geminicrm.runtime.resolution.stock import Offer
from geminicrm.runtime.resolution.universe import Wish
from geminicrm.runtime.storage import count_documents
from geminicrm.runtime.upgrade_problems import NothingBefore


class Planner:
    """Says what changes would do, and changes nothing."""

    def __init__(self, pipeline: Pipeline, vault: Vault) -> None:
        self._pipeline = pipeline
        self._tools = pipeline.tools
        self._vault = vault

    def look(self, order: Order) -> Plan:
        """Plan an install, or an upgrade of what is installed, with all that it brings.

        Raises NotFound, InstallFailed.
        """
        return self.of(self._pipeline.look(replace(order, with_others=True)))

    def of(self, looked: Run) -> Plan:
        """Give the plan of steps that have looked already; looks at the others that it needs."""
        order, ref = looked.state.order, looked.state.ref
        steps = looked.state.others
        whole = {ref.extension_id: ref.version, **order.beside}
        whole |= {step.extension_id: step.after for step in steps if step.after is not None}
        parts = [self._part(order, step.extension_id, whole) for step in steps]
        return self._one(looked, parts, whole)

    def rollback(self, actor: Actor, extension_id: str, version: str | None) -> Plan:
        """Plan to go back to a version that was installed here; None means the one before.

        Raises NotInstalled, NothingBefore, InstallFailed for a conflict.
        """
        with self._tools.works.read(actor) as work:
            row = find(work, extension_id)
            past = chosen(history(work, row.id), row.digest, row.version, version)
            if past is None:
                raise NothingBefore(extension_id, version)
            around = self._around(work, row, past.version)
        self._refuse_conflict(actor, past)
        advice = self._tools.advice(actor, past.registry_id, extension_id, past.version)
        made = rollback_plan(row, past, around)
        return replace(made, warnings=(*made.warnings, *advice))

    def uninstall(self, actor: Actor, extension_id: str) -> Plan:
        """Plan to take an installation away. Raises NotInstalled."""
        with self._tools.works.read(actor) as work:
            row = find(work, extension_id)
            return uninstall_plan(row, self._around(work, row, None))

    def _part(self, order: Order, extension_id: str, whole: Mapping[str, str]) -> Plan:
        beside = {name: version for name, version in whole.items() if name != extension_id}
        wanted = replace(
            order, extension_id=extension_id, version=whole[extension_id], beside=beside
        )
        return self._one(self._pipeline.look(wanted), (), whole)

    def _one(self, looked: Run, parts: Sequence[Plan], whole: Mapping[str, str]) -> Plan:
        ref, order = looked.state.ref, looked.state.order
        advice = self._tools.advice(order.actor, ref.registry_id, ref.extension_id, ref.version)
        with self._tools.works.read(order.actor) as work:
            row = find_or_none(work, ref.extension_id)
            documents = count_documents(work, ref.extension_id)
            around = Surroundings(
                before=self._before(row) if row else None,
                documents=documents,
                affected=affected_by(work, ref.extension_id, ref.version, whole) if row else (),
                parts=parts,
                advice=advice,
            )
        return make_plan(looked, documents, confines=self._tools.confines(), around=around)

    def _around(self, work: Work, row: Installation, version: str | None) -> Surroundings:
        return Surroundings(
            before=self._before(row),
            documents=count_documents(work, row.extension_id),
            affected=affected_by(work, row.extension_id, version),
        )

    def _before(self, row: Installation) -> Before:
        return Before(manifest_of(row), tuple(row.granted), self._filled(row))

    def _filled(self, row: Installation) -> Collection[str]:
        plain = {name for name, value in row.settings.items() if value not in {None, ""}}
        try:
            return plain | self._vault.open(row.secrets).keys()
        except DecryptionFailed:
            return plain  # whoever lost the key has to type them again

    def _refuse_conflict(self, actor: Actor, past: InstalledVersion) -> None:
        offer = Offer(past.extension_id, past.version, "listed", past.manifest)
        try:
            wish = Wish(past.extension_id, past.version, "rollback")
            others = fitting(wish, universe_of(self._tools, actor, offer), {})
        except Refused as error:
            raise InstallFailed(
                "resolve", past.extension_id, error.reason, error.place, error.findings
            ) from error
        if others:
            names = ", ".join(f"{step.extension_id} {step.after}" for step in others)
            reason = f"It needs {names}: change that first."
            raise InstallFailed("resolve", past.extension_id, reason)
