"""Checkout links, which are checkout sessions at Stripe."""

from collections.abc import Mapping
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import Checkout, CheckoutLine, NewCheckout
from extensions.sdk.service_errors import ServiceRefused

from ..client import Api, path
from ..mapping import currency_of, from_stripe, given, id_of, text, texts, to_stripe, when

_SESSIONS: Final = ("checkout", "sessions")


class Checkouts:
    """The operations on checkout links."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create_checkout(self, new: NewCheckout, idempotency_key: str) -> Checkout:
        """Make one; what we say of it stands at the payment or subscription as well."""
        form = {
            "mode": "subscription" if new.subscribe else "payment",
            "line_items": [_line(line) for line in new.lines],
            "success_url": new.success_url,
            "cancel_url": given(new.cancel_url),
            "customer": given(new.customer_id),
            "customer_email": given(new.customer_email),
            "client_reference_id": given(new.reference),
            "expires_at": new.expires_at,
            "metadata": new.metadata,
            **_beneath(new),
        }
        return self._api.post(path(*_SESSIONS), checkout, form, idempotency_key)

    def get_checkout(self, checkout_id: str) -> Checkout:
        """Read one."""
        return self._api.get(path(*_SESSIONS, checkout_id), checkout)

    def expire_checkout(self, checkout_id: str, idempotency_key: str) -> Checkout:
        """Close one."""
        return self._api.post(
            path(*_SESSIONS, checkout_id, "expire"), checkout, {}, idempotency_key
        )


def checkout(data: Mapping[str, Any]) -> Checkout:
    """Read a session. Money that comes later, after a free trial, is not paid yet."""
    total = data.get("amount_total")
    return Checkout(
        id=data["id"],
        url=text(data, "url"),
        status=data.get("status") or "open",
        paid=data["payment_status"] == "paid",
        total=None if total is None else from_stripe(total, data["currency"]),
        payment_id=id_of(data.get("payment_intent")),
        subscription_id=id_of(data.get("subscription")),
        customer_id=id_of(data.get("customer")),
        reference=text(data, "client_reference_id"),
        expires_at=when(data["expires_at"]),
        metadata=texts(data, "metadata"),
    )


def _beneath(new: NewCheckout) -> dict[str, object]:
    if new.subscribe:
        return {"subscription_data": {"metadata": new.metadata}}
    receipt = given(new.receipt_email)
    return {"payment_intent_data": {"metadata": new.metadata, "receipt_email": receipt}}


def _line(line: CheckoutLine) -> dict[str, object]:
    if line.price_id:
        return {"price": line.price_id, "quantity": line.quantity}
    if line.money is None or not line.name:
        raise ServiceRefused("Each line needs a price of Stripe, or a name and an amount.")
    price = {
        "currency": currency_of(line.money),
        "unit_amount": to_stripe(line.money),
        "product_data": {"name": line.name},
        "recurring": {"interval": line.every},
    }
    return {"price_data": price, "quantity": line.quantity}
