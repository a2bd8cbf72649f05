"""One run that nobody works on any more, and what it takes to end it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor
from geminicrm.runtime.changes import Data
from geminicrm.runtime.history.journal import DRAFT, DatabaseEntry
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.history.protocols import Lease
from geminicrm.runtime.install.draft_facts import draft_from
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.state import Tools
from geminicrm.runtime.models import Installation

MOST_TRIES = 3
"""So often the code of an extension is called; one that kills its process would do so for ever."""
TakeBack = Callable[[Actor, Run, Data, Lease], None]
"""Undoes one change of an order that has happened; may be done again."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run as the journal has it, with the lock of its workspace held.

    Whatever is done for it may be done again: the process that does it may be killed as well.
    """

    run: Run
    actor: SystemActor
    entry: DatabaseEntry
    lease: Lease
    tools: Tools
    vault: Vault
    take_back: TakeBack

    @property
    def facts(self) -> dict[str, Any]:
        """Give what was noted."""
        return self.run.facts

    @property
    def why(self) -> str:
        """Say why somebody else has to end it."""
        if self.run.owner == own_name():
            return f"The step {self.run.step!r} failed."
        return f"The process that worked on it ended in the step {self.run.step!r}."

    def draft(self) -> Draft | None:
        """Give the installation that was to be; None where it had not come so far."""
        facts = self.facts.get(DRAFT)
        if facts is None:
            return None
        packages = self.tools.packages
        return draft_from(facts, self.run.workspace_id, packages, self.vault.readable)

    def superseded(self, draft: Draft) -> bool:
        """Tell whether the workspace has the extension by now, as another installation."""
        with self.tools.works.read(self.actor) as work:
            found = work.session.scalar(
                select(Installation.id).where(Installation.extension_id == draft.extension_id)
            )
        return found is not None and found != draft.installation_id

    def may_try(self) -> bool:
        """Count a call into the extension's code; False where it has had enough of them."""
        tries = int(self.facts.get("tries", 0))
        self.entry.note(tries=tries + 1)
        return tries < MOST_TRIES

    def run_uninstall(self, draft: Draft, *, leaving: bool = False) -> str | None:
        """Answer an `install()` that may have begun by `uninstall()`; give what went wrong.

        Where the extension is `leaving`, outside services are told first.
        """
        if not self.may_try():
            return "its uninstall() was left out: it ended the process that called it"
        refused: Sequence[str] = ()
        try:
            if leaving:
                refused = self.tools.disconnect(self.actor, draft.extension_id)
            outcome = self.tools.runner.uninstall(self.actor, draft)
        except AppError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - border: a fault in one run must not keep the others
            _log.exception("uninstall() could not be run", run=self.run.id)
            return str(error)
        failed = None if outcome.success else outcome.message or "it answered that it failed"
        return " ".join([*refused, *filter(None, [failed])]) or None
