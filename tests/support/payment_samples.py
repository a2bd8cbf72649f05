"""Arguments for each operation of the contract `payments`, valid at any provider."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import (
    CheckoutLine,
    CustomerDetails,
    Money,
    NewCheckout,
    NewPayment,
    NewPrice,
    NewRefund,
    NewSubscription,
)

EUR: Final = Money(amount=1999, currency="EUR")
_DETAILS: Final = CustomerDetails(
    email="ana@example.com", name="Ana Ünal", phone="+351 1", metadata={"lead": "17"}
)
_LINE: Final = CheckoutLine(name="Consulting, 2 hours", money=EUR, quantity=2)
_LATER: Final = datetime(2026, 12, 1, tzinfo=UTC)

READING: Final[Mapping[str, Mapping[str, Any]]] = {
    "get_customer": {"customer_id": "cus_1"},
    "find_customers": {"email": "ana@example.com"},
    "list_payment_methods": {"customer_id": "cus_1"},
    "get_payment": {"payment_id": "pi_1"},
    "get_checkout": {"checkout_id": "cs_1"},
    "get_subscription": {"subscription_id": "sub_1"},
    "list_subscriptions": {"customer_id": "cus_1"},
    "list_refunds": {"payment_id": "pi_1"},
    "get_event": {"event_id": "evt_1"},
}
"""What changes nothing."""

KEYED: Final[Mapping[str, Mapping[str, Any]]] = {
    "create_customer": {"details": _DETAILS},
    "update_customer": {"customer_id": "cus_1", "details": CustomerDetails(phone="")},
    "attach_payment_method": {"method_id": "pm_1", "customer_id": "cus_1"},
    "detach_payment_method": {"method_id": "pm_1"},
    "create_payment": {
        "new": NewPayment(
            money=EUR,
            customer_id="cus_1",
            method_id="pm_1",
            description="Invoice 7",
            receipt_email="ana@example.com",
            hold=True,
            confirm=True,
            metadata={"deal": "7"},
        )
    },
    "confirm_payment": {
        "payment_id": "pi_1",
        "method_id": "pm_1",
        "return_url": "https://crm.example/back",
    },
    "capture_payment": {"payment_id": "pi_1", "money": Money(amount=999, currency="EUR")},
    "cancel_payment": {"payment_id": "pi_1"},
    "create_checkout": {
        "new": NewCheckout(
            lines=(_LINE,),
            success_url="https://crm.example/paid",
            cancel_url="https://crm.example/later",
            customer_email="ana@example.com",
            receipt_email="ana@example.com",
            reference="deal 7",
            expires_at=_LATER,
            metadata={"deal": "7"},
        )
    },
    "expire_checkout": {"checkout_id": "cs_1"},
    "create_price": {"new": NewPrice(name="Support", money=EUR, every="month")},
    "create_subscription": {
        "new": NewSubscription(
            customer_id="cus_1",
            prices={"price_1": 3},
            method_id="pm_1",
            trial_days=14,
            metadata={"deal": "7"},
        )
    },
    "create_refund": {
        "new": NewRefund(payment_id="pi_1", money=EUR, reason="requested_by_customer")
    },
}
"""What takes an idempotency key, without the key."""

REPEATABLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "delete_customer": {"customer_id": "cus_1"},
    "cancel_subscription": {"subscription_id": "sub_1", "at_period_end": False},
}
"""What is the same when it is asked twice."""
