"""Events: read by their id, or from a webhook with its signature."""

import json
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import Happened, PaymentEvent
from extensions.sdk.context import Context
from extensions.sdk.service_errors import AccessDenied, ServiceRefused

from ..client import Api, path
from ..mapping import id_of, when
from ..signature import verify

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
_SECRETS: Final = ("webhook_secret", "previous_webhook_secret")


class Happenings:
    """The operations on events."""

    def __init__(self, api: Api, app: Context) -> None:
        self._api = api
        self._app = app

    def get_event(self, event_id: str) -> PaymentEvent:
        """Read one; Stripe keeps them for 30 days."""
        return self._api.get(path("events", event_id), event)

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> PaymentEvent:
        """Read what came in, once its signature is found good."""
        secrets = [self._app.secrets.get(name, "") for name in _SECRETS]
        if not any(secrets):
            raise AccessDenied(
                "Without a webhook signing secret nothing that comes in can be believed.",
                mend="Fill in the webhook signing secret on the connection's page.",
            )
        named = {name.lower(): value for name, value in headers.items()}
        verify(body, named.get("stripe-signature", ""), secrets, time.time())
        try:
            return event(json.loads(body))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ServiceRefused(f"This is no event of Stripe: {error}") from error


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
