"""Bringing back what was uninstalled: the very installation, with all that it had."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from geminicrm.connections.keeping import bring_back
from geminicrm.kernel.clock import parse_instant
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.dependents import refuse_if_lacking
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.history.journal import DRAFT
from geminicrm.runtime.history.models import RemovedInstallation
from geminicrm.runtime.history.protocols import Entry, Intent, Lease
from geminicrm.runtime.install.draft_facts import draft_from, facts_of
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.files import held
from geminicrm.runtime.inventory import MANAGE, find_or_none
from geminicrm.runtime.kit import Kit
from geminicrm.runtime.models import Installation
from geminicrm.runtime.problems import InstalledAnew, InstallFailed, PackageGone
from geminicrm.runtime.removal import (
    CONNECTIONS,
    forget_kept_settings,
    hand_documents,
    out_of_reach,
)
from geminicrm.runtime.storage import count_documents


def find_removed(work: Work, removal_id: str) -> RemovedInstallation:
    """Read what was uninstalled and can still be brought back. Raises NotFound."""
    found = work.session.scalar(
        select(RemovedInstallation).where(
            RemovedInstallation.id == removal_id, RemovedInstallation.expires_at > work.now
        )
    )
    if found is None:
        raise NotFound("removed extension", removal_id)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """One restore, with the lock of the workspace held.

    Where it fails the caller has it ended by the recovery, which undoes it.
    """

    kit: Kit
    actor: Actor
    lease: Lease

    def run(self, removal_id: str) -> tuple[str, int]:
        """Bring it back; give the extension's id and the generation that has it.

        Raises NotFound, InstalledAnew, PackageGone, VersionStopped, Conflict, InstallFailed.
        """
        removed = self._find(removal_id)
        draft = self._draft(removed)
        with held(self.kit.tools.packages):
            if not (draft.folder / draft.manifest.entry_point).is_file():
                raise PackageGone(removed.extension_id, removed.version)
            entry = self._begin(removed, draft)
            self._prepare(entry, draft)
            self._fill_storage(entry, removed)
            self._install(entry, draft)
            return removed.extension_id, self._store(entry, removed, draft)

    def _find(self, removal_id: str) -> RemovedInstallation:
        with self.kit.works.read(self.actor) as work:
            work.require(MANAGE)
            removed = find_removed(work, removal_id)
            if find_or_none(work, removed.extension_id) is not None:
                raise InstalledAnew(removed.extension_id)
            if removed.data == "purge" and count_documents(work, removed.extension_id):
                raise InstalledAnew(removed.extension_id, left_documents=True)
            refuse_if_lacking(work, _row_of(removed))
        facts = removed.facts
        quarantine = self.kit.tools.quarantine
        quarantine.refuse(facts["registry_id"], removed.extension_id, removed.version)
        return removed

    def _draft(self, removed: RemovedInstallation) -> Draft:
        facts = {**removed.facts, "installation_id": removed.facts["id"]}
        tools = self.kit.tools
        return draft_from(facts, removed.workspace_id, tools.packages, self.kit.vault.readable)

    def _begin(self, removed: RemovedInstallation, draft: Draft) -> Entry:
        intent = Intent(
            kind="restore",
            extension_id=removed.extension_id,
            to_version=removed.version,
            to_digest=removed.digest,
            facts={
                DRAFT: facts_of(draft, self.kit.tools.seal),
                "removal": removed.id,
                "data": removed.data,
            },
        )
        return self.kit.tools.journal.begin(self.actor, intent, self.lease)

    def _prepare(self, entry: Entry, draft: Draft) -> None:
        entry.step("requirements")
        try:
            self.kit.tools.requirements.provide(draft)
        except ValidationFailed as error:
            raise _failed("requirements", draft, error.detail) from error
        entry.step("load")
        try:
            self.kit.tools.runner.load(draft)
        except ExtensionFailed as error:
            raise _failed("load", draft, f"{error.reason}.", error.where) from error

    def _fill_storage(self, entry: Entry, removed: RemovedInstallation) -> None:
        entry.step("documents")
        with self.kit.works.write(self.actor) as work:
            self.lease.confirm(work)
            if removed.data == "purge":
                hand_documents(work, out_of_reach(removed.id), removed.extension_id)
            found = count_documents(work, removed.extension_id)
        entry.note(documents=found, installing=True)

    def _install(self, entry: Entry, draft: Draft) -> None:
        tools = self.kit.tools
        draft.settings.noted = lambda: entry.note(**{DRAFT: facts_of(draft, tools.seal)})
        entry.step("mount")
        try:
            outcome = tools.runner.install(self.actor, draft)
        except ExtensionFailed as error:
            raise _failed("mount", draft, f"{error.reason}.", error.where) from error
        if not outcome.success:
            said = outcome.message or "Its install() answered that it did not succeed."
            raise _failed("mount", draft, said)

    def _store(self, entry: Entry, removed: RemovedInstallation, draft: Draft) -> int:
        generations = self.kit.tools.generations
        with self.kit.works.write(self.actor) as work:
            work.require(MANAGE)
            self.lease.confirm(work)
            row = _row_of(removed)
            row.settings = dict(draft.settings.plain)
            row.secrets = self.kit.tools.seal(draft.settings.secrets)
            row.updated_at = work.now
            work.session.add(row)
            work.session.flush()
            self._connect(work, removed, draft)
            work.session.delete(work.session.get_one(RemovedInstallation, removed.id))
            forget_kept_settings(work, removed.extension_id)
            changes = {"version": removed.version, "removal": removed.id, "data": removed.data}
            work.audit("extension.restored", removed.extension_id, changes)
            entry.done(work)
            generations.bump(work, AUTH)
            return generations.bump(work, RUNTIME)

    def _connect(self, work: Work, removed: RemovedInstallation, draft: Draft) -> None:
        ways = draft.manifest.authentication
        signing_in = {one.id for one in ways if one.type == "oauth2"}
        kept = removed.facts.get(CONNECTIONS, ())
        bring_back(work, self.kit.tools.generations, kept, signing_in)


def _row_of(removed: RemovedInstallation) -> Installation:
    """Give the installation as it was, less what belonged to that time alone."""
    # The revision begins anew, as for every new row; a watch that ran is over.
    facts: dict[str, Any] = {**removed.facts, "watch": None}
    facts.pop("revision")
    facts.pop(CONNECTIONS, None)
    created_at = parse_instant(facts["created_at"])
    return Installation(**{**facts, "created_at": created_at, "updated_at": removed.removed_at})


def _failed(step: str, draft: Draft, reason: str, place: str = "") -> InstallFailed:
    return InstallFailed(step, draft.extension_id, reason, place)
