"""Payments on records: what a record says of a payer, and the activity that a payment becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from geminicrm.crm.build import Crm
from geminicrm.crm.shared import service
from geminicrm.crm.shared.naming import display_name
from geminicrm.kernel.errors import NotFound, ScopeMissing
from geminicrm.kernel.work import Actor, Work

KINDS: Final = ("lead", "deal")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """What a record offers to begin a request from; "" where it says nothing."""

    amount: str
    currency: str
    description: str
    email: str
    name: str


class PaymentRecords:
    """Reads leads and deals, and notes on them what was paid.

    An activity of a payment is a fact: no extension is asked whether it may be.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def suggested(self, actor: Actor, related: tuple[str, str]) -> Suggested:
        """Give what a lead or a deal offers. Raises NotFound, ScopeMissing."""
        kind, identifier = related
        if kind not in KINDS:
            raise NotFound(kind or "record", identifier)
        record = self._crm.read_record(actor, kind, identifier)
        return suggestion(record, record if kind == "lead" else self._contact(actor, record))

    def exists(self, work: Work, related: tuple[str, str]) -> bool:
        """Tell whether a record is still there."""
        spec = self._crm.records[related[0]].spec
        return bool(service.get_many(work, spec, [related[1]]))

    def note(self, work: Work, related: tuple[str, str], subject: str) -> None:
        """Put on a record what happened, unless the record is gone."""
        if not self.exists(work, related):
            return
        values = {
            "kind": "note",
            "subject": subject[:_LONGEST],
            "done_at": work.now,
            "related_type": related[0],
            "related_id": related[1],
        }
        service.create(work, self._crm.activities.spec, values)

    def _contact(self, actor: Actor, deal: Mapping[str, Any]) -> Mapping[str, Any]:
        if deal.get("contact_id") is None:
            return {}
        try:
            return self._crm.read_record(actor, "contact", deal["contact_id"])
        except (NotFound, ScopeMissing):
            return {}


def suggestion(record: Mapping[str, Any], person: Mapping[str, Any]) -> Suggested:
    """Give what a record and its person offer."""
    name = " ".join(filter(None, (person.get("first_name"), person.get("last_name"))))
    return Suggested(
        amount=str(record.get("amount") or ""),
        currency=str(record.get("currency") or ""),
        description=display_name(record)[:_LONGEST],
        email=str(person.get("email") or ""),
        name=name,
    )
