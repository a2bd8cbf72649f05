"""Payments through whoever provides the capability `payments`: implements what that room needs."""

from collections.abc import Sequence
from typing import Any, Final

from extensions.sdk.capabilities.payment_shapes import Checkout, NewCheckout, Refund
from geminicrm.kernel.work import Actor
from geminicrm.mail.doors_needed import Accounts
from geminicrm.payments.doors_needed import Way
from geminicrm.runtime.capabilities import Capabilities
from geminicrm.runtime.mailing import CapabilityMailer
from geminicrm.runtime.providers import Asked

_PAYMENTS: Final = "payments"
_LIVE: Final = "live"


class CapabilityPaying:
    """Implements Paying.

    Every call names its connection: after an unknown outcome nobody else may be asked.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities

    def ways(self, workspace_id: str) -> Sequence[Way]:
        """Give the workspace's usual connection of each provider, from memory."""
        return tuple(
            Way(
                provider=one.installed.extension_id,
                connection_id=one.connection.id,
                live=one.connection.environment == _LIVE,
            )
            for one in self._capabilities.providers(workspace_id, _PAYMENTS)
        )

    def create_checkout(
        self, actor: Actor, connection_id: str, new: NewCheckout, key: str
    ) -> Checkout:
        """Make a link. Raises SdkError."""
        return self._checkout(actor, connection_id, "create_checkout", new=new, idempotency_key=key)

    def get_checkout(self, actor: Actor, connection_id: str, checkout_id: str) -> Checkout:
        """Read one. Raises SdkError."""
        return self._checkout(actor, connection_id, "get_checkout", checkout_id=checkout_id)

    def expire_checkout(
        self, actor: Actor, connection_id: str, checkout_id: str, key: str
    ) -> Checkout:
        """Close an open one. Raises SdkError."""
        given = {"checkout_id": checkout_id, "idempotency_key": key}
        return self._checkout(actor, connection_id, "expire_checkout", **given)

    def list_refunds(self, actor: Actor, connection_id: str, payment_id: str) -> Sequence[Refund]:
        """Give what was given back of a payment. Raises SdkError."""
        refunds: Sequence[Refund] = self._ask(
            actor, connection_id, "list_refunds", payment_id=payment_id
        )
        return refunds

    def _checkout(
        self, actor: Actor, connection_id: str, operation: str, **arguments: Any
    ) -> Checkout:
        checkout: Checkout = self._ask(actor, connection_id, operation, **arguments)
        return checkout

    def _ask(self, actor: Actor, connection_id: str, operation: str, **arguments: Any) -> Any:
        asked = Asked(
            capability=_PAYMENTS,
            operation=operation,
            arguments=arguments,
            connection_id=connection_id,
        )
        return self._capabilities.ask(actor, asked)[1]


def payers(capabilities: Capabilities) -> tuple[CapabilityPaying, Accounts]:
    """Give who asks for payments, and who names the accounts that tell of them by mail."""
    return CapabilityPaying(capabilities), CapabilityMailer(capabilities).accounts
