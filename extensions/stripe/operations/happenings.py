"""Events: read by their id."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import Happened, PaymentEvent

from ..client import Api, path
from ..mapping import id_of, when

_MEANING: Final[Mapping[str, Happened]] = MappingProxyType(
    {
        "payment_intent.succeeded": "payment_succeeded",
        "payment_intent.payment_failed": "payment_failed",
        "payment_intent.canceled": "payment_canceled",
        "checkout.session.async_payment_succeeded": "checkout_paid",
        "checkout.session.expired": "checkout_expired",
        "charge.refunded": "refund_changed",
        "charge.refund.updated": "refund_changed",
        "refund.created": "refund_changed",
        "refund.updated": "refund_changed",
        "refund.failed": "refund_changed",
        "customer.subscription.created": "subscription_changed",
        "customer.subscription.updated": "subscription_changed",
        "customer.subscription.paused": "subscription_changed",
        "customer.subscription.resumed": "subscription_changed",
        "customer.subscription.deleted": "subscription_ended",
    }
)
_COMPLETED: Final = "checkout.session.completed"


class Happenings:
    """The operations on events."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get_event(self, event_id: str) -> PaymentEvent:
        """Read one; Stripe keeps them for 30 days."""
        return self._api.get(path("events", event_id), event)


def event(data: Mapping[str, Any]) -> PaymentEvent:
    """Read one; what concerns a refund names the payment that it is of."""
    about, kind = data["data"]["object"], data["type"]
    happened = _happened(kind, about)
    refunds = happened == "refund_changed"
    return PaymentEvent(
        id=data["id"],
        type=kind,
        happened=happened,
        object_id=id_of(about.get("payment_intent" if refunds else "id")),
        created_at=when(data["created"]),
        live=data["livemode"],
    )


def _happened(kind: str, about: Mapping[str, Any]) -> Happened:
    if kind == _COMPLETED:  # of a bank debit it is completed days before it is paid
        return "checkout_paid" if about.get("payment_status") == "paid" else "other"
    return _MEANING.get(kind, "other")
