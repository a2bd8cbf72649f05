"""What this room needs of rooms above it; app.py hands it in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.work import Actor, Work
from geminicrm.mail.filing import Records
from geminicrm.mail.sealing import SecretLinks


class ReadRecord(Protocol):
    """Reads one record of the CRM."""

    def __call__(self, actor: Actor, record_type: str, record_id: str) -> Mapping[str, Any]:
        """Give its fields. Raises NotFound, ScopeMissing."""
        ...


def check_account(accounts: "Accounts", actor: Actor, connection_id: str | None) -> None:
    """Raise ValidationFailed unless somebody may send through it: nobody uses another's account."""
    if connection_id is not None and connection_id not in dict(accounts(actor)):
        message = "Choose an account of the workspace, or your own."
        raise ValidationFailed([Finding("/connection_id", "not_found", message)])


class Accounts(Protocol):
    """Names the accounts that somebody can send through."""

    def __call__(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """Give id and name of each connection, the usual one first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that fits what somebody looked for."""

    kind: str
    id: str
    title: str
    subtitle: str


class RecordDesk(Records, Protocol):
    """What the pages of mail need of the CRM."""

    def fields(self) -> Mapping[str, Sequence[str]]:
        """Give the merge fields by kind of record."""
        ...

    def find(self, actor: Actor, text: str) -> Sequence[Found]:
        """Find records that mail can belong to, as far as the actor may read them."""
        ...

    def make_lead(
        self, actor: Actor, values: Mapping[str, Any], along: Callable[[Work, str], object]
    ) -> str:
        """Create a lead; `along` gets its id in the same transaction. Gives the id.

        Raises ScopeMissing, ValidationFailed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailNeeds:
    """Everything of it."""

    read_record: ReadRecord
    accounts: Accounts
    records: RecordDesk
    links: SecretLinks
