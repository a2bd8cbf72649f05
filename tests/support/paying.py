"""A provider of payments that does what a test tells it, and a workspace that asks it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from extensions.sdk.capabilities.payment_shapes import Checkout, Money, NewCheckout, Refund
from geminicrm.app import Core
from geminicrm.crm.activities.models import Activity
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.mail.models import OutgoingMail
from geminicrm.payments.assembly import Payments, build_payments
from geminicrm.payments.doors_needed import Way
from geminicrm.payments.listing import list_payments
from geminicrm.payments.models import Payment
from geminicrm.payments.requesting import NewPaymentRequest, request_payment
from tests.support.core import START, Tenant
from tests.support.working import Hands

FIRST = Way(provider="stripe", connection_id="conn_1", live=True)
SECOND = Way(provider="paypal", connection_id="conn_2", live=False)
LEAD = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}
PRICED = {**LEAD, "amount": "12.50", "currency": "EUR"}
PUBLIC_URL = "https://crm.example"


def checkout_of(reference: str, **changes: Any) -> Checkout:
    """Give an open link for a payment."""
    made = Checkout(
        id=f"cs_{reference}",
        url=f"https://pay.example/{reference}",
        status="open",
        paid=False,
        total=Money(amount=1250, currency="EUR"),
        payment_id="",
        subscription_id="",
        customer_id="",
        reference=reference,
        expires_at=START + timedelta(days=1),
        metadata={},
    )
    return replace(made, **changes)


@dataclass
class ScriptedPaying:
    """Implements Paying; `answers` are errors or changes to a checkout, given in turn."""

    connected: list[Way] = field(default_factory=lambda: [FIRST])
    answers: list[Any] = field(default_factory=list)
    made: list[tuple[str, NewCheckout, str]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def ways(self, _workspace_id: str) -> Sequence[Way]:
        return tuple(self.connected)

    def create_checkout(
        self, _actor: Any, connection_id: str, new: NewCheckout, key: str
    ) -> Checkout:
        self.made.append((connection_id, new, key))
        self.meanwhile()
        return self._answer(key)

    def get_checkout(self, _actor: Any, _connection_id: str, checkout_id: str) -> Checkout:
        self.read.append(checkout_id)
        return self._answer(checkout_id.removeprefix("cs_"))

    def expire_checkout(
        self, _actor: Any, _connection_id: str, checkout_id: str, _key: str
    ) -> Checkout:
        self.closed.append(checkout_id)
        return self._answer(checkout_id.removeprefix("cs_"), status="expired", url="")

    def list_refunds(self, _actor: Any, _connection_id: str, payment_id: str) -> Sequence[Refund]:
        self.read.append(payment_id)
        return tuple(self.refunds)

    def _answer(self, reference: str, **changes: Any) -> Checkout:
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, BaseException):
            raise answer
        return checkout_of(reference, **{**changes, **answer})


@dataclass(frozen=True)
class Desk:
    """A workspace with a scripted provider, and the hands of a worker."""

    core: Core
    tenant: Tenant
    paying: ScriptedPaying
    payments: Payments
    hands: Hands
    accounts: list[tuple[str, str]]

    def lead(self, **fields: Any) -> str:
        """Create a lead by hand; give its id."""
        lead = self.core.crm.leads.create(self.tenant.owner(), {**LEAD, **fields})
        return str(lead["id"])

    def ask(self, **changes: Any) -> str:
        """Ask for a payment of a new lead; give its id."""
        given: dict[str, Any] = {
            "amount": 1250,
            "currency": "EUR",
            "description": "Consulting",
            "payer_email": "ada@example.com",
            **changes,
        }
        related = given.pop("related", None) or ("lead", self.lead())
        new = NewPaymentRequest(related=related, **given)
        with self.core.works.write(self.tenant.owner()) as work:
            return request_payment(work, new).id

    def change(self, payment_id: str, **facts: Any) -> None:
        """Change a row by hand."""
        with self.core.works.write(self.tenant.system()) as work:
            row = work.get(Payment, payment_id)
            for name, value in facts.items():
                setattr(row, name, value)

    def row(self, payment_id: str) -> Payment:
        """Read one."""
        with self.core.works.read(self.tenant.system()) as work:
            return work.get(Payment, payment_id)

    def all(self, related_id: str = "") -> list[dict[str, Any]]:
        """List them as programs see them."""
        with self.core.works.read(self.tenant.system()) as work:
            return list_payments(work, related_id=related_id).data

    def events(self, prefix: str = "payment.") -> list[str]:
        """Name the events so far."""
        with self.core.works.read(self.tenant.system()) as work:
            found = work.session.scalars(select(OutboxEvent.type).order_by(OutboxEvent.id))
            return [one for one in found if one.startswith(prefix)]

    def notes(self) -> list[str]:
        """Give the subjects of activities."""
        with self.core.works.read(self.tenant.system()) as work:
            return list(work.session.scalars(select(Activity.subject)))

    def mails(self) -> list[OutgoingMail]:
        """Give the mails in the order in which they were written."""
        with self.core.works.read(self.tenant.system()) as work:
            return list(work.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


def desk_of(core: Core, tenant: Tenant) -> Desk:
    """Make it; its worker does jobs of payments, and mails stay in the outbox."""
    paying = ScriptedPaying()
    accounts = [("conn_9", "Mail")]
    payments = build_payments(core.crm, paying, lambda _actor: accounts, PUBLIC_URL)
    hands = Hands(core, [payments.leads], payments.kinds)
    return Desk(core, tenant, paying, payments, hands, accounts)
