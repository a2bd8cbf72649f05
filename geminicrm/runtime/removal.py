"""What an uninstall takes out of the database, and what it keeps for a way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from geminicrm.connections.keeping import set_aside
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime import crash_notices
from geminicrm.runtime.changes import Data
from geminicrm.runtime.dependents import refuse_if_needed
from geminicrm.runtime.drafts import draft_of, to_keep
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation
from geminicrm.runtime.history.protocols import Entry, Lease
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.state import Tools
from geminicrm.runtime.inventory import MANAGE, find
from geminicrm.runtime.models import Installation, KeptSettings, StoredDocument
from geminicrm.runtime.storage import count_documents, forget_documents, queue_up

UNDO_DAYS: Final = 30
CONNECTIONS: Final = "connections"
"""Where the facts of a removal have those of the connections."""
_LABEL: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What an uninstall left: the id to bring it back by, the number of its documents."""

    removal_id: str
    documents: int
    warning: str | None
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Uninstall:
    """One uninstall that the journal knows of, to be gone through with; may be done again."""

    tools: Tools
    vault: Vault
    actor: Actor
    entry: Entry
    lease: Lease
    extension_id: str
    data: Data
    removed_by: str

    def draft(self) -> Draft:
        """Give the installation as what its `uninstall()` is called for. Raises NotInstalled."""
        with self.tools.works.read(self.actor) as work:
            row = find(work, self.extension_id)
        return draft_of(row, self.vault, self.tools.packages)

    def run_uninstall(self) -> str | None:
        """End its connections, run its own `uninstall()`; give what went wrong with them.

        Raises NotInstalled.
        """
        self.entry.step("uninstall")
        refused = self.tools.disconnect(self.actor, self.extension_id)
        failed = self._run_own()
        return " ".join([*refused, *filter(None, [failed])]) or None

    def _run_own(self) -> str | None:
        try:
            outcome = self.tools.runner.uninstall(self.actor, self.draft())
        except AppError as error:
            return str(error)
        return None if outcome.success else outcome.message or "It answered that it failed."

    def remove(self, warning: str | None) -> Gone:
        """Take the row away, in the transaction that decides.

        Raises NotInstalled, StillNeeded, Conflict.
        """
        self.entry.step("remove")
        with self.tools.works.write(self.actor) as work:
            work.require(MANAGE)
            self.lease.confirm(work)
            refuse_if_needed(work, self.extension_id)
            removed = _set_apart(work, self.extension_id, self.data, self.removed_by)
            changes = {"version": removed.version, "data": self.data, "warning": warning}
            work.audit("extension.uninstalled", self.extension_id, changes)
            self.entry.done(work)
            self.tools.generations.bump(work, AUTH)
            generation = self.tools.generations.bump(work, RUNTIME)
        return Gone(
            removal_id=removed.id,
            documents=removed.documents,
            warning=warning,
            generation=generation,
        )


def out_of_reach(removal_id: str) -> str:
    """Give whose the documents of a purge are meanwhile: no extension can be called so."""
    return f"~{removal_id}"


def hand_documents(work: Work, owner: str, heir: str) -> None:
    """Give all documents of an owner to another one, who has none."""
    queue_up(work, owner)
    queue_up(work, heir)
    work.session.execute(
        update(StoredDocument)
        .where(StoredDocument.extension_id == owner)
        .values({StoredDocument.extension_id: heir})
        .execution_options(synchronize_session=False)
    )


def forget_removed(work: Work, removed: RemovedInstallation) -> None:
    """Take the way back away, with what was kept for it alone."""
    forget_documents(work, out_of_reach(removed.id))
    work.session.execute(
        delete(InstalledVersion)
        .where(InstalledVersion.installation_id == removed.facts["id"])
        .execution_options(synchronize_session=False)
    )
    work.session.delete(removed)


def forget_kept_settings(work: Work, extension_id: str) -> None:
    """Delete what an earlier installation left for the next one."""
    work.session.execute(
        delete(KeptSettings)
        .where(KeptSettings.extension_id == extension_id)
        .execution_options(synchronize_session=False)
    )


def left_behind(work: Work, extension_ids: Sequence[str]) -> list[str]:
    """Give those of which an earlier installation has left settings or documents."""
    found = {
        *work.session.scalars(
            select(KeptSettings.extension_id).where(KeptSettings.extension_id.in_(extension_ids))
        ),
        *work.session.scalars(
            select(StoredDocument.extension_id)
            .where(StoredDocument.extension_id.in_(extension_ids))
            .distinct()
        ),
    }
    return sorted(found)


def _set_apart(work: Work, extension_id: str, data: Data, removed_by: str) -> RemovedInstallation:
    row = find(work, extension_id)
    # Whoever stores a document now waits, and then finds no installation to store it for.
    queue_up(work, extension_id)
    removed = RemovedInstallation(
        id=new_id("rem"),
        extension_id=extension_id,
        version=row.version,
        digest=row.digest,
        facts={**_facts_of(row), CONNECTIONS: set_aside(work, row.id)},
        data=data,
        documents=count_documents(work, extension_id),
        removed_by=removed_by[:_LABEL],
        removed_at=work.now,
        expires_at=work.now + timedelta(days=UNDO_DAYS),
    )
    work.session.add(removed)
    crash_notices.settle(work, row)
    work.session.delete(row)
    if data == "keep":
        work.session.add(to_keep(row, work.now))
    else:
        hand_documents(work, extension_id, out_of_reach(removed.id))
    return removed


def _facts_of(row: Installation) -> dict[str, Any]:
    facts = {column.key: getattr(row, column.key) for column in Installation.__table__.columns}
    return {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
