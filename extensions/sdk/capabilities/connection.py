"""What every integration can do: prove that its connection works, hear of events, and end it."""

from typing import Protocol

from extensions.sdk.connection import Account
from extensions.sdk.webhooks import Handled, WebhookEvent


class Connectable(Protocol):
    """The contract `connection`, which `IntegrationBase` has in part."""

    def test_connection(self) -> Account:
        """Ask the service who we are, changing nothing there. Raises ServiceError."""

    def end_connection(self) -> None:
        """Take back at the service what was set up there; the core revokes tokens by itself."""

    def handle_webhook(self, event: WebhookEvent) -> Handled:
        """Work on an event that the service sent; an error means: try again later."""
