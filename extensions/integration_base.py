"""The base of an integration: an extension that signs in to an outside service."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from typing_extensions import override

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.capabilities.calling import UnknownOperation, perform
from extensions.sdk.capabilities.catalogue import is_own
from extensions.sdk.connection import Account, ConnectionStatus
from extensions.sdk.webhooks import Handled, WebhookEvent


class IntegrationBase(ExtensionBase):
    """Provides the capabilities that the manifest lists, by methods of the contract's names.

    Each call is made for one connection: `self.app.connection` says which, `self.app.settings`
    holds its settings, and `self.app.http` adds its credentials. The core keeps those, signs in and
    renews tokens by what the manifest says; override only where the vendor differs from that.
    """

    @property
    def service(self) -> str:
        """The extension's id, which is what connections are made to."""
        return self.app.extension.id

    @property
    def provider_name(self) -> str:
        """What people call the service: the manifest's name."""
        return self.app.extension.name

    @property
    def types(self) -> tuple[str, ...]:
        """The capability types that the manifest lists under `provides`."""
        return self.app.extension.types

    def authorization_address(self, address: str) -> str:
        """Give where a browser is sent to sign in (RFC 6749, section 4.1.1).

        `address` is the core's: way, scopes, state and PKCE are in it. Add parameters to it that
        the manifest can't name beforehand; what is there has to stay, or nobody is sent.
        """
        return address

    def exchange_code(self) -> Mapping[str, str]:
        """Give what goes to the token endpoint with the code (RFC 6749, section 4.1.3).

        The core sends the code, its verifier and who asks, and keeps the tokens: they are never
        seen here. What it sends itself can't be replaced.
        """
        return {}

    def connect(self) -> Account:
        """Take up a connection: at its first test, and each time after somebody has signed in.

        Override to set up at the service what `end_connection` takes back; it may come again.
        Raises ServiceError.
        """
        return self.test_connection()

    @abstractmethod
    def test_connection(self) -> Account:
        """Ask the service who we are, changing nothing there. Raises ServiceError."""

    def status(self) -> ConnectionStatus:
        """Tell how the connection is, asking nobody. Raises NotConnected where there is none."""
        return ConnectionStatus(
            provider=self.provider_name, types=self.types, connection=self.app.connection
        )

    def end_connection(self) -> None:
        """Take back at the service what was set up there; the core revokes tokens by itself."""

    def handle_webhook(self, event: WebhookEvent) -> Handled:  # noqa: ARG002 - part of the contract that others override
        """Work on an event that the service sent; an error means: try again later."""
        return Handled(ignored=True)

    def provider(self, capability: str) -> object:
        """Give what has the operations of a capability; the extension itself unless overridden.

        One of an extension's own needs an object for it alone: whoever declares its operations
        could name other methods of this class.
        """
        if is_own(capability):
            raise UnknownOperation(f"provider() gives nothing for {capability}: override it")
        return self

    @override
    def install(self) -> Mapping[str, Any] | None:
        return None

    @override
    def uninstall(self) -> Mapping[str, Any] | None:
        return None

    @override
    def get_routes(self) -> Blueprint:
        return Blueprint("integration", __name__)

    @hookimpl
    def run_operation(self, capability: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Do what the core asks of a capability."""
        return perform(self.provider(capability), capability, operation, arguments)
