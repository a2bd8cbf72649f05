"""What this room needs of rooms above and below it; app.py hands it in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from extensions.sdk.webhooks import Changed
from geminicrm.kernel.work import Work
from geminicrm.webhooks.incoming.entry import InboundWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What requests of one webhook are checked with: secrets in clear, the newest first.

    `options` are pairs of name and value.
    """

    secrets: tuple[str, ...] = field(repr=False)
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A connection that takes a webhook; `running` tells whether it is switched on."""

    workspace_id: str
    connection_id: str
    owner_id: str | None
    installation_id: str
    extension_id: str
    entry: InboundWebhook
    signing: Signing
    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppDoor:
    """A webhook that one address takes for all connections which the operator's secret is for."""

    extension_id: str
    entry: InboundWebhook
    signing: Signing


class Receivers(Protocol):
    """Installed integrations and their connections."""

    def entries(self, workspace_id: str, extension_id: str) -> Sequence[InboundWebhook]:
        """Give the webhooks with a scheme that an installed integration takes."""
        ...

    def find(self, workspace_id: str, connection_id: str, webhook_id: str) -> Receiver | None:
        """Give a connection for one of its webhooks; None where there is none any more."""
        ...

    def apps(self, extension_id: str) -> Sequence[AppDoor]:
        """Give what an integration takes for all its connections with the operator's secrets."""
        ...

    def of_account(self, door: AppDoor, account: str) -> Sequence[Receiver]:
        """Give the connections of an account that such a request is for."""
        ...


Listener = Callable[[Work, str, Sequence[Changed]], None]
"""Hears, in a transaction, what has changed at the service of a connection, by its id."""
