"""Payments, which are payment intents at Stripe."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import Money, NewPayment, Payment, PaymentStatus

from ..client import Api, path
from ..mapping import currency_of, from_stripe, given, id_of, text, texts, to_stripe, when

_STATUSES: Final[Mapping[str, PaymentStatus]] = MappingProxyType(
    {
        "requires_payment_method": "requires_method",
        "requires_confirmation": "requires_confirmation",
        "requires_action": "requires_action",
        "processing": "processing",
        "requires_capture": "requires_capture",
        "succeeded": "succeeded",
        "canceled": "canceled",
    }
)
_INTENTS: Final = "payment_intents"


class Intents:
    """The operations on payments."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create_payment(self, new: NewPayment, idempotency_key: str) -> Payment:
        """Ask for a payment, with whatever methods the dashboard allows."""
        form = {
            "amount": to_stripe(new.money),
            "currency": currency_of(new.money),
            "customer": given(new.customer_id),
            "payment_method": given(new.method_id),
            "description": given(new.description),
            "receipt_email": given(new.receipt_email),
            "return_url": given(new.return_url),
            "capture_method": "manual" if new.hold else "automatic",
            "confirm": True if new.confirm else None,
            "automatic_payment_methods": _methods(new),
            "metadata": new.metadata,
        }
        return self._api.post(path(_INTENTS), payment, form, idempotency_key)

    def get_payment(self, payment_id: str) -> Payment:
        """Read one."""
        return self._api.get(path(_INTENTS, payment_id), payment)

    def confirm_payment(
        self, payment_id: str, idempotency_key: str, method_id: str = "", return_url: str = ""
    ) -> Payment:
        """Have it paid."""
        form = {"payment_method": given(method_id), "return_url": given(return_url)}
        return self._do(payment_id, "confirm", form, idempotency_key)

    def capture_payment(
        self, payment_id: str, idempotency_key: str, money: Money | None = None
    ) -> Payment:
        """Take what was held, or a part."""
        form = {"amount_to_capture": to_stripe(money) if money else None}
        return self._do(payment_id, "capture", form, idempotency_key)

    def cancel_payment(self, payment_id: str, idempotency_key: str) -> Payment:
        """Cancel one."""
        return self._do(payment_id, "cancel", {}, idempotency_key)

    def _do(self, payment_id: str, what: str, form: dict[str, Any], key: str) -> Payment:
        return self._api.post(path(_INTENTS, payment_id, what), payment, form, key)


def payment(data: Mapping[str, Any]) -> Payment:
    """Read a payment intent."""
    money = from_stripe(data["amount"], data["currency"])
    received = from_stripe(data.get("amount_received") or 0, data["currency"])
    redirect = (data.get("next_action") or {}).get("redirect_to_url") or {}
    return Payment(
        id=data["id"],
        status=_STATUSES[data["status"]],
        money=money,
        received=received.amount,
        client_secret=text(data, "client_secret"),
        customer_id=id_of(data.get("customer")),
        receipt_email=text(data, "receipt_email"),
        created_at=when(data["created"]),
        next_url=text(redirect, "url"),
        failure=text(data.get("last_payment_error") or {}, "message"),
        metadata=texts(data, "metadata"),
    )


def _methods(new: NewPayment) -> dict[str, object]:
    # A payment that is confirmed at once has no page to come back to, unless one is given.
    stays = new.confirm and not new.return_url
    return {"enabled": True, "allow_redirects": "never" if stays else None}
