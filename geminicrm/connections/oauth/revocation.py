"""Giving tokens back when a connection ends (RFC 7009), as far as the service takes part."""

from extensions.sdk.service_errors import ServiceUnavailable
from geminicrm.connections.oauth.client import Client, Filled, client_of
from geminicrm.connections.oauth.endpoint import TokenEndpoint
from geminicrm.connections.oauth.problems import GrantRefused, ProviderAway
from geminicrm.connections.oauth.rows import TokenRows
from geminicrm.connections.oauth.token import Token
from geminicrm.connections.table import Connected
from geminicrm.connections.ways import Authentication


class Revocation:
    """Ends what a sign-in has given; what the service says about it never keeps us from it."""

    def __init__(self, rows: TokenRows, endpoint: TokenEndpoint, filled: Filled) -> None:
        self._rows = rows
        self._endpoint = endpoint
        self._filled = filled

    def revoke(self, connection: Connected, way: Authentication) -> None:
        """Revoke the tokens at the service, and delete them here whatever it says.

        Not inside a transaction: a service may take seconds. Raises ServiceUnavailable where it did
        not take them back, AuthenticationError and NotConnected where the connection is not filled
        in any more, DecryptionFailed.
        """
        try:
            latest = self._rows.read(connection.workspace_id, connection.id)
            token = self._rows.token(latest.tokens if latest is not None else None)
            if token is not None and way.revocation_url is not None:
                self._give_back(client_of(connection, self._filled), token)
        except (GrantRefused, ProviderAway) as error:
            raise ServiceUnavailable(
                f"{connection.name} did not take its tokens back: {error}",
                mend="Remove this application's access at the service.",
            ) from error
        finally:
            self._rows.forget(connection.workspace_id, connection.id)

    def _give_back(self, client: Client, token: Token) -> None:
        # With the refresh token its access tokens go too (section 2.1), yet not at every service.
        if token.refresh:
            self._endpoint.give_back(client, token.refresh, "refresh_token")
        self._endpoint.give_back(client, token.access, "access_token")
