"""Refunds, whole or in parts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import NewRefund, Refund, RefundStatus

from ..client import Api, path
from ..mapping import from_stripe, id_of, text, to_stripe, when

_STATUSES: Final[Mapping[str, RefundStatus]] = MappingProxyType(
    {
        "pending": "pending",
        "requires_action": "requires_action",
        "succeeded": "succeeded",
        "failed": "failed",
        "canceled": "canceled",
    }
)
_REFUNDS: Final = "refunds"


class Refunds:
    """The operations on refunds."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create_refund(self, new: NewRefund, idempotency_key: str) -> Refund:
        """Give money back; Stripe refuses more than is left of the payment."""
        form = {
            "payment_intent": new.payment_id,
            "amount": to_stripe(new.money) if new.money else None,
            "reason": new.reason,
        }
        return self._api.post(path(_REFUNDS), refund, form, idempotency_key)

    def list_refunds(self, payment_id: str) -> tuple[Refund, ...]:
        """Give all of a payment."""
        return self._api.all(path(_REFUNDS), refund, payment_intent=payment_id)


def refund(data: Mapping[str, Any]) -> Refund:
    """Read one."""
    return Refund(
        id=data["id"],
        payment_id=id_of(data.get("payment_intent")),
        money=from_stripe(data["amount"], data["currency"]),
        status=_STATUSES.get(text(data, "status"), "pending"),  # no closed list at Stripe
        failure=text(data, "failure_reason"),
        created_at=when(data["created"]),
    )
