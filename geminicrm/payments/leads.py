"""New leads with an amount: a sink of the outbox that has them asked to pay."""

from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.money import parse_amount
from geminicrm.kernel.work import Work, Works
from geminicrm.payments.choices import for_new_leads
from geminicrm.payments.doors_needed import Paying
from geminicrm.payments.models import Payment
from geminicrm.payments.records import PaymentRecords, suggestion
from geminicrm.payments.requesting import NewPaymentRequest, request_payment

_CREATED: Final = "lead.created"
_LEADS: Final = "leads"
_MAKERS: Final = frozenset({"user", "token"})
"""Kinds of actors; what extensions, imports and the system itself bring in is not asked to pay."""
_log = structlog.get_logger(__name__)


class LeadPayments:
    """Implements the relay's Sink; it asks nobody outside, it stores a payment and its job.

    One payment for each lead, however often its event comes: the lead's id is a unique key.
    """

    name = "payments"
    ordered = False
    seconds = 60

    def __init__(self, works: Works, paying: Paying, records: PaymentRecords) -> None:
        self._works = works
        self._paying = paying
        self._records = records

    def targets(self, event: StoredEvent) -> Sequence[str]:
        """Take new leads with an amount and an address, where a provider is connected."""
        if event.type != _CREATED or not (event.data.get("amount") and event.data.get("email")):
            return ()
        return (_LEADS,) if self._paying.ways(event.workspace_id) else ()

    def deliver(self, target: str, event: StoredEvent, attempt: int) -> None:  # noqa: ARG002 - the unique key tells what was seen
        """Store the payment of a lead, unless it has one or should have none."""
        try:
            with self._works.write(SystemActor(event.workspace_id)) as work:
                self._request(work, event)
        except IntegrityError:
            _log.debug("another worker was quicker with a lead", lead=event.object_id)
        except ValidationFailed as error:
            _log.warning("a lead is not asked to pay", lead=event.object_id, error=error.detail)

    def _request(self, work: Work, event: StoredEvent) -> None:
        lead = ("lead", event.object_id)
        if not (for_new_leads(work) and _made_by_somebody(work, event.object_id)):
            return
        if _known(work, event.object_id) or not self._records.exists(work, lead):
            return
        offered = suggestion(event.data, event.data)
        amount = parse_amount(offered.amount, offered.currency)
        if amount <= 0:
            return
        new = NewPaymentRequest(
            related=lead,
            amount=amount,
            currency=offered.currency,
            description=offered.description,
            payer_email=offered.email,
            payer_name=offered.name,
            origin=event.object_id,
        )
        request_payment(work, new)


def _known(work: Work, lead_id: str) -> bool:
    found = work.session.scalar(select(Payment.id).where(Payment.origin == lead_id))
    return found is not None


def _made_by_somebody(work: Work, lead_id: str) -> bool:
    """Read in the audit log who made a lead: the event does not say."""
    statement = select(AuditEntry.actor_kind).where(
        AuditEntry.subject == lead_id, AuditEntry.action == _CREATED
    )
    return work.session.scalar(statement.limit(1)) in _MAKERS
