"""What this room needs of rooms above it; app.py hands it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from extensions.sdk.capabilities.payment_shapes import Checkout, NewCheckout, Refund
from geminicrm.kernel.work import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A connection through which payments can be asked for; `live` moves real money."""

    provider: str
    connection_id: str
    live: bool


class Paying(Protocol):
    """Whoever provides the capability `payments`."""

    def ways(self, workspace_id: str) -> Sequence[Way]:
        """Give the workspace's usual connection of each provider, from memory."""
        ...

    def create_checkout(
        self, actor: Actor, connection_id: str, new: NewCheckout, key: str
    ) -> Checkout:
        """Make a link; the same key with the same values makes one. Raises SdkError."""
        ...

    def get_checkout(self, actor: Actor, connection_id: str, checkout_id: str) -> Checkout:
        """Read one. Raises SdkError."""
        ...

    def expire_checkout(
        self, actor: Actor, connection_id: str, checkout_id: str, key: str
    ) -> Checkout:
        """Close an open one. Raises SdkError."""
        ...

    def list_refunds(self, actor: Actor, connection_id: str, payment_id: str) -> Sequence[Refund]:
        """Give what was given back of a payment, in parts or whole. Raises SdkError."""
        ...
