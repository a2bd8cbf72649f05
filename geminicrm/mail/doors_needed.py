"""What this room needs of rooms above it; app.py hands it in."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.work import Actor


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
