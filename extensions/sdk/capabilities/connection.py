"""What every integration can do: take a connection up, prove that it works, hear events, end it."""

from collections.abc import Mapping
from typing import Protocol

from extensions.sdk.connection import Account, ConnectionStatus
from extensions.sdk.webhooks import Handled, WebhookEvent


class Connectable(Protocol):
    """The contract `connection`, which `IntegrationBase` has but for `test_connection`."""

    def authorization_address(self, address: str) -> str:
        """Give where browsers sign in: the core's address, with parameters of the vendor's own."""

    def exchange_code(self) -> Mapping[str, str]:
        """Give what goes to the token endpoint with the code, beside what the core sends."""

    def connect(self) -> Account:
        """Take up a connection that is new, or was signed in to again. Raises ServiceError."""

    def status(self) -> ConnectionStatus:
        """Tell how the connection is, asking nobody."""

    def test_connection(self) -> Account:
        """Ask the service who we are, changing nothing there. Raises ServiceError."""

    def end_connection(self) -> None:
        """Take back at the service what was set up there; the core revokes tokens by itself."""

    def handle_webhook(self, event: WebhookEvent) -> Handled:
        """Work on an event that the service sent; an error means: try again later."""
