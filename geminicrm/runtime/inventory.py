"""What is installed, as whoever may look at it sees it."""

from collections.abc import Collection
from typing import Any, Protocol

from sqlalchemy import select

from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.enforcement import enforcements
from geminicrm.runtime.extension_logs import MOST_LINES
from geminicrm.runtime.history.versions import changing
from geminicrm.runtime.install.state import Tools
from geminicrm.runtime.log_following import Following
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.present import present, shown_manifest
from geminicrm.runtime.problems import NotInstalled
from geminicrm.runtime.usage import ledger

MANAGE = "manage:extensions"
READ = "read:extensions"


class Live(Protocol):
    """Who knows which generation every worker of this machine serves."""

    def wait_live(self, generation: int, seconds: float) -> bool:
        """Wait until every worker serves at least this generation; False where it takes longer."""
        ...


class Inventory:
    """Reads installations; needs `read:extensions`."""

    def __init__(self, works: Works, tools: Tools, vault: Vault, live: Live) -> None:
        self._works = works
        self._generations = tools.generations
        self._logs = tools.logs
        self._vault = vault
        self._live = live

    def all(self, actor: Actor) -> list[dict[str, Any]]:
        """Give all installations of the workspace by extension id."""
        state = self._state()
        with self._works.read(actor) as work:
            work.require(READ)
            rows = work.session.scalars(select(Installation).order_by(Installation.extension_id))
            busy = changing(work)
            return [{**self._shape(row, busy), **state} for row in rows.all()]

    def get(self, actor: Actor, extension_id: str) -> dict[str, Any]:
        """Give one installation. Raises NotInstalled."""
        with self._works.read(actor) as work:
            work.require(READ)
            return self.present(work, find(work, extension_id))

    def manifest(self, actor: Actor, extension_id: str) -> Manifest:
        """Give the manifest of an installed version. Raises NotInstalled."""
        with self._works.read(actor) as work:
            work.require(READ)
            return shown_manifest(find(work, extension_id))

    def permissions(self, actor: Actor, extension_id: str) -> dict[str, Any]:
        """Give the ledger as `usage.ledger` does: by scope and by host. Raises NotInstalled."""
        with self._works.read(actor) as work:
            work.require(READ)
            return ledger(work, find(work, extension_id))

    def log(self, actor: Actor, extension_id: str, lines: int) -> list[dict[str, Any]]:
        """Give the last lines of its log, the newest last.

        Raises NotInstalled, and ValidationFailed for none or more than MOST_LINES.
        """
        with self._works.read(actor) as work:
            work.require(READ)
            row = find(work, extension_id)
        if not 1 <= lines <= MOST_LINES:
            message = f"Ask for 1 to {MOST_LINES} lines."
            raise ValidationFailed([Finding("/lines", "wrong_value", message)])
        return self._logs.tail(row.id, lines)

    def follow_log(self, actor: Actor, extension_id: str) -> Following:
        """Give what tells of new lines of its log. Raises NotInstalled."""
        with self._works.read(actor) as work:
            work.require(READ)
            return self._logs.follow(find(work, extension_id).id)

    def present(self, work: Work, row: Installation) -> dict[str, Any]:
        """Give a row as the API shows it, with the generation that this machine has seen."""
        return {**self._shape(row, changing(work)), **self._state()}

    def _shape(self, row: Installation, changing: Collection[str]) -> dict[str, Any]:
        shape = present(row, self._secret_names(row))
        if row.extension_id in changing and row.status == "enabled":
            # Not in the row: the version that runs must not notice, nor a run that is killed.
            shape["status"] = "upgrading"
        return {**shape, "enforcement": enforcements(shape["isolation"])}

    def _state(self) -> dict[str, Any]:
        generation = self._generations.get(RUNTIME)
        return {"generation": generation, "live": self._live.wait_live(generation, 0.0)}

    def _secret_names(self, row: Installation) -> frozenset[str]:
        try:
            return frozenset(self._vault.open(row.secrets))
        except DecryptionFailed:
            return frozenset()  # shown as missing: whoever lost the key has to type them again


def find(work: Work, extension_id: str) -> Installation:
    """Read the installation of an extension. Raises NotInstalled."""
    row = find_or_none(work, extension_id)
    if row is None:
        raise NotInstalled(extension_id)
    return row


def find_or_none(work: Work, extension_id: str) -> Installation | None:
    """Read the installation of an extension, if there is one."""
    return work.session.scalar(
        select(Installation).where(Installation.extension_id == extension_id)
    )
