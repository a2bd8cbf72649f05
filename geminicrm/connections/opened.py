"""A connection in the hands of one call: its values in clear, for those who may see them."""

from collections.abc import Mapping
from typing import Any, Final, Protocol, cast

from extensions.sdk.connection import ConnectionInfo, ConnectionState
from geminicrm.connections.services import Service, Values
from geminicrm.connections.table import Connected
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.vault import Vault

WORKSPACE: Final = "workspace"


class Tokens(Protocol):
    """Where access tokens come from."""

    def access_token(self, connection: Connected, way: Authentication) -> str:
        """Give one that holds now, refreshed if need be.

        Raises the SDK's AuthenticationError where somebody has to sign in again,
        ServiceUnavailable where the service gives none now.
        """
        ...

    def refused(self, connection: Connected, way: Authentication, token: str) -> str | None:
        """Take note that the service refused a token; give a new one, None where there is none."""
        ...


class SharedValues(Protocol):
    """Values that the operator gives for the whole installation: a file, or variables."""

    def of(self, service: Service) -> Values:
        """Give those of one integration."""
        ...


class Opened:
    """One connection and what it holds; secrets are decrypted when first asked for.

    `withheld` says why it has none of the operator's credentials, where it could have.
    """

    def __init__(
        self,
        connection: Connected,
        service: Service,
        vault: Vault,
        tokens: Tokens,
        beneath: Values,
        sealed: str | None = None,
    ) -> None:
        """`beneath` holds where the connection has no value; `sealed` are secrets of its kind."""
        self.connection = connection
        self.service = service
        self.way = service.way(connection.way)
        self.tokens = tokens
        self._vault = vault
        self._beneath = beneath
        self._sealed = sealed
        self._secrets: dict[str, str] | None = None
        self.withheld = ""

    def plain(self) -> dict[str, Any]:
        """Give the plain values."""
        return {**self._beneath.plain, **self.connection.config}

    def credentials(self) -> Mapping[str, str]:
        """Give every secret in clear: for the core alone. Raises DecryptionFailed."""
        if self._secrets is None:
            own = (self._vault.open(one) for one in (self._sealed, self.connection.secrets))
            self._secrets = {**self._beneath.secrets}
            for secrets in own:
                self._secrets |= secrets
        return self._secrets

    def visible(self) -> dict[str, str]:
        """Give the secrets that the extension may see: those that the core does not inject."""
        injected = {one.id for one in self.service.fields if one.injected}
        return {name: one for name, one in self.credentials().items() if name not in injected}

    def info(self) -> ConnectionInfo:
        """Give what the extension may know of it."""
        one = self.connection
        return ConnectionInfo(
            id=one.id,
            name=one.name,
            owner=one.owner_id or WORKSPACE,
            way=one.way,
            account=one.account,
            environment="test" if one.environment == "test" else "live",
            scopes=one.scopes,
            state=cast("ConnectionState", one.status),  # the column holds no other
        )
