"""The extension stripe: payments through Stripe's API."""

from typing import Final

from typing_extensions import override

from extensions.integration_base import IntegrationBase
from extensions.sdk.capabilities.catalogue import CONNECTION
from extensions.sdk.capabilities.payments import Payments
from extensions.sdk.connection import Account
from extensions.sdk.webhooks import Changed, Handled, WebhookEvent

from .client import Api, path
from .mapping import id_of
from .operations.checkouts import Checkouts
from .operations.customers import Customers
from .operations.happenings import Happenings
from .operations.intents import Intents
from .operations.refunds import Refunds
from .operations.subscriptions import Subscriptions

_CHECKOUT: Final = "checkout.session."


class StripePayments(Customers, Intents, Checkouts, Subscriptions, Refunds, Happenings):
    """The contract `payments`, put together of its parts."""


class Stripe(IntegrationBase):
    """Provides the capability `payments`."""

    @override
    def test_connection(self) -> Account:
        """Read the balance: the least that any key may do. It says whether the key is live."""
        live = Api(self.app).get(path("balance"), lambda found: bool(found["livemode"]))
        return Account(id="", label="Stripe", environment="live" if live else "test")

    @override
    def handle_webhook(self, event: WebhookEvent) -> Handled:
        """Name the checkout that an event is about: what it says of it is read at Stripe."""
        if not event.type.startswith(_CHECKOUT):
            return Handled(ignored=True)
        checkout = id_of(event.data["data"]["object"])
        return Handled(changed=(Changed(capability="payments", kind="checkout", id=checkout),))

    @override
    def provider(self, capability: str) -> object:
        return self if capability == CONNECTION else self._payments()

    def _payments(self) -> Payments:
        return StripePayments(Api(self.app))
