"""The base of an integration: an extension that signs in to an outside service."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint
from typing_extensions import override

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.capabilities.calling import perform
from extensions.sdk.connection import Account
from extensions.sdk.webhooks import Handled, WebhookEvent


class IntegrationBase(ExtensionBase):
    """Provides the capabilities that the manifest lists, by methods of the contract's names.

    `service` is the extension's id. Each call is made for one connection: `self.app.connection`
    says which, `self.app.settings` holds its settings, and `self.app.http` adds its credentials.
    """

    service: ClassVar[str]

    @abstractmethod
    def test_connection(self) -> Account:
        """Ask the service who we are, changing nothing there. Raises ServiceError."""

    def end_connection(self) -> None:
        """Take back at the service what was set up there; the core revokes tokens by itself."""

    def handle_webhook(self, event: WebhookEvent) -> Handled:  # noqa: ARG002 - part of the contract that others override
        """Work on an event that the service sent; an error means: try again later."""
        return Handled(ignored=True)

    def provider(self, capability: str) -> object:  # noqa: ARG002 - part of the contract that others override
        """Give what has the operations of a capability; the extension itself unless overridden."""
        return self

    @override
    def install(self) -> Mapping[str, Any] | None:
        return None

    @override
    def uninstall(self) -> Mapping[str, Any] | None:
        return None

    @override
    def get_routes(self) -> Blueprint:
        name = self.service.replace("-", "_")
        return Blueprint(name, __name__, url_prefix=f"/api/extensions/{self.service}")

    @hookimpl
    def run_operation(self, capability: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Do what the core asks of a capability."""
        return perform(self.provider(capability), capability, operation, arguments)
