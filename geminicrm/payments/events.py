"""What happens to payments."""

from dataclasses import replace
from typing import ClassVar, Final, Literal

from geminicrm.crm.shared.event_data import Data, event_types, shown
from geminicrm.kernel.events import Event
from geminicrm.kernel.money import to_decimal_string
from geminicrm.payments.models import Payment


class PaymentRequested(Event):
    """A payment was requested; no link is there yet."""

    type: ClassVar[str] = "payment.requested"


class PaymentPaid(Event):
    """A payment was paid."""

    type: ClassVar[str] = "payment.paid"


class PaymentFailed(Event):
    """A payment could not be requested from the provider; `error` says why."""

    type: ClassVar[str] = "payment.failed"


class PaymentData(Data):
    """A payment."""

    id: str = shown("pay_1k0sjz304rr90h381ma6yfbe")
    related_type: Literal["lead", "deal"] = shown("deal")
    related_id: str = shown("deal_1k0smnz18cw3qyc3av38ye3f")
    amount: str = shown("1250.50")
    currency: str = shown("EUR")
    description: str = shown("Consulting")
    state: str = shown("paid")
    provider: str | None = shown("stripe")
    live: bool | None = shown(example=True)
    payment_id: str | None = shown("pi_1")


class RequestData(PaymentData):
    """A payment that was requested."""

    state: str = shown("asking")
    provider: str | None = shown(None)
    live: bool | None = shown(None)
    payment_id: str | None = shown(None)


class FailureData(RequestData):
    """A payment that failed, with why, and what can be done."""

    state: str = shown("failed")
    error: str | None = shown("Stripe: No such API key.")
    mend: str | None = shown("Renew the credentials on the connection's page, then test it.")


# A payment has no version: what happens to it happens once.
TYPES: Final = tuple(
    replace(one, versioned=False)
    for one in event_types(
        "read:payments",
        (PaymentRequested, RequestData),
        (PaymentPaid, PaymentData),
        (PaymentFailed, FailureData),
    )
)
_PLAIN: Final = (
    "id", "related_type", "related_id", "currency", "description", "state", "provider", "live",
    "payment_id",
)  # fmt: skip


def event_of(kind: type[Event], row: Payment) -> Event:
    """Give an event about a payment as it is now."""
    data = {name: getattr(row, name) for name in _PLAIN}
    data["amount"] = to_decimal_string(row.amount_minor, row.currency)
    if kind is PaymentFailed:
        data |= {"error": row.error, "mend": row.mend}
    return kind(object_id=row.id, object_version=1, data=data)
