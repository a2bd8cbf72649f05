"""What every integration can do: prove that its connection works, and end it."""

from typing import Protocol

from extensions.sdk.connection import Account


class Connectable(Protocol):
    """The contract `connection`, which `IntegrationBase` has in part."""

    def test_connection(self) -> Account:
        """Ask the service who we are, changing nothing there. Raises ServiceError."""

    def end_connection(self) -> None:
        """Take back at the service what was set up there; the core revokes tokens by itself."""
