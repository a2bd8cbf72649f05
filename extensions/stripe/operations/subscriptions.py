"""Subscriptions and the prices that they are for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import (
    NewPrice,
    NewSubscription,
    Price,
    Subscription,
    SubscriptionStatus,
)

from ..client import Api, path
from ..mapping import currency_of, from_stripe, given, id_of, texts, to_stripe, when

_STATUSES: Final[Mapping[str, SubscriptionStatus]] = MappingProxyType(
    {
        "incomplete": "incomplete",
        "incomplete_expired": "canceled",
        "trialing": "trialing",
        "active": "active",
        "past_due": "past_due",
        "unpaid": "unpaid",
        "paused": "paused",
        "canceled": "canceled",
    }
)
_SUBSCRIPTIONS: Final = "subscriptions"


class Subscriptions:
    """The operations on subscriptions."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create_price(self, new: NewPrice, idempotency_key: str) -> Price:
        """Make a price, with a product of its name."""
        form = {
            "currency": currency_of(new.money),
            "unit_amount": to_stripe(new.money),
            "recurring": {"interval": new.every},
            "product_data": {"name": new.name},
        }
        return self._api.post(path("prices"), price, form, idempotency_key)

    def create_subscription(self, new: NewSubscription, idempotency_key: str) -> Subscription:
        """Begin one."""
        form = {
            "customer": new.customer_id,
            "items": [{"price": one, "quantity": many} for one, many in new.prices.items()],
            "default_payment_method": given(new.method_id),
            "trial_period_days": new.trial_days or None,
            "metadata": new.metadata,
        }
        return self._api.post(path(_SUBSCRIPTIONS), subscription, form, idempotency_key)

    def get_subscription(self, subscription_id: str) -> Subscription:
        """Read one."""
        return self._api.get(path(_SUBSCRIPTIONS, subscription_id), subscription)

    def list_subscriptions(self, customer_id: str) -> tuple[Subscription, ...]:
        """Give all of a customer; Stripe leaves ended ones out unless asked for all."""
        where = path(_SUBSCRIPTIONS)
        return self._api.all(where, subscription, customer=customer_id, status="all")

    def cancel_subscription(self, subscription_id: str, *, at_period_end: bool) -> Subscription:
        """End one."""
        where = path(_SUBSCRIPTIONS, subscription_id)
        if at_period_end:
            return self._api.post(where, subscription, {"cancel_at_period_end": True})
        return self._api.delete(where, subscription)


def subscription(data: Mapping[str, Any]) -> Subscription:
    """Read one."""
    return Subscription(
        id=data["id"],
        status=_STATUSES[data["status"]],
        customer_id=id_of(data["customer"]),
        prices={one["price"]["id"]: one.get("quantity") or 1 for one in data["items"]["data"]},
        paid_until=when(data["current_period_end"]),
        ends_then=data["cancel_at_period_end"],
        metadata=texts(data, "metadata"),
    )


def price(data: Mapping[str, Any]) -> Price:
    """Read a price."""
    amount = data.get("unit_amount")
    return Price(
        id=data["id"],
        money=None if amount is None else from_stripe(amount, data["currency"]),
        every=(data.get("recurring") or {}).get("interval"),
    )
