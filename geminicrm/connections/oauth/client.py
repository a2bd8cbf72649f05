"""Who we are at one service: the way to sign in, with the values of a connection filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, urlsplit

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.services import Service, Values
from geminicrm.connections.table import Connected
from geminicrm.connections.ways import Authentication

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Filled(Protocol):
    """Where the values of a connection come from, outside any call."""

    def __call__(self, connection: Connected) -> tuple[Service, Values]:
        """Give the integration, and all values that hold for the connection, secrets in clear.

        Raises the SDK's NotConnected where the integration is gone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Client:
    """One client of one authorization server (RFC 6749, section 2)."""

    name: str
    way: Authentication
    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The client id. Raises AuthenticationError where nobody has given it."""
        return self.setting(0)

    @property
    def secret(self) -> str:
        """The client secret; empty for a public client, whose way has only one setting."""
        return self.setting(1) if len(self.way.settings) > 1 else ""

    def setting(self, place: int) -> str:
        """Give the value of one of the way's settings. Raises AuthenticationError without it."""
        if place >= len(self.way.settings):
            raise AuthenticationError(
                f"{self.name} declares no setting for its credentials.",
                mend="Ask the author of the integration: its manifest is not complete.",
            )
        return self._value(self.way.settings[place])

    def address(self, template: str | None) -> str:
        """Fill an address of the way in.

        A value that stands at the start is an address itself; one that stands elsewhere can't
        break out of its place. Only the own machine is spoken to without TLS: what is sent is
        worth as much as a password. Raises AuthenticationError.
        """
        text = template or ""
        first = _PLACEHOLDER.match(text)
        start = self._value(first[1]).rstrip("/") if first else ""
        rest = text[first.end() :] if first else text
        url = start + _PLACEHOLDER.sub(lambda found: quote(self._value(found[1]), safe=""), rest)
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise AuthenticationError(
                f"{self.name}: {url!r} is no https address.",
                mend="Correct the address on the connection's page.",
            )
        return url

    def parameters(self) -> dict[str, str]:
        """Give what else the manifest sends along."""
        return {
            name: _PLACEHOLDER.sub(lambda found: self._value(found[1]), value)
            for name, value in self.way.parameters.items()
        }

    def _value(self, name: str) -> str:
        value = self.values.get(name)
        if not value:
            raise AuthenticationError(
                f"{self.name}: {name} is not filled in.",
                mend="Fill it in on the connection's page.",
            )
        return str(value)


def client_of(connection: Connected, filled: Filled) -> Client:
    """Give the client of a connection. Raises NotConnected where its integration is gone."""
    service, values = filled(connection)
    return Client(service.name, service.way(connection.way), {**values.plain, **values.secrets})
