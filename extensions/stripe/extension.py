"""The extension stripe: payments through Stripe's API."""

from typing_extensions import override

from extensions.integration_base import IntegrationBase
from extensions.sdk.capabilities.catalogue import CONNECTION
from extensions.sdk.capabilities.payments import Payments
from extensions.sdk.connection import Account
from extensions.sdk.context import Context

from .client import Api, path
from .operations.checkouts import Checkouts
from .operations.customers import Customers
from .operations.happenings import Happenings
from .operations.intents import Intents
from .operations.refunds import Refunds
from .operations.subscriptions import Subscriptions


class StripePayments(Customers, Intents, Checkouts, Subscriptions, Refunds, Happenings):
    """The contract `payments`, put together of its parts."""

    def __init__(self, app: Context) -> None:
        Happenings.__init__(self, Api(app), app)  # the other parts need no more than it has


class Stripe(IntegrationBase):
    """Provides the capability `payments`."""

    @override
    def test_connection(self) -> Account:
        """Read the balance: the least that any key may do. It says whether the key is live."""
        live = Api(self.app).get(path("balance"), lambda found: bool(found["livemode"]))
        return Account(id="", label="Stripe", environment="live" if live else "test")

    @override
    def provider(self, capability: str) -> object:
        return self if capability == CONNECTION else self._payments()

    def _payments(self) -> Payments:
        return StripePayments(self.app)
