"""Stand-ins for parts of the room that a process goes without: each says so."""

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.services import Service, Values
from geminicrm.connections.table import Connected
from geminicrm.connections.ways import Authentication


class NoTokens:
    """Implements Tokens: has none to give."""

    def access_token(self, connection: Connected, way: Authentication) -> str:  # noqa: ARG002 - of the protocol
        """Refuse."""
        raise AuthenticationError(
            f"{connection.name} has not been signed in.", mend="Sign in on the connection's page."
        )

    def refused(self, connection: Connected, way: Authentication, token: str) -> str | None:  # noqa: ARG002 - of the protocol
        """Know no other."""
        return None


class NoSharedValues:
    """Implements SharedValues: nobody gives any."""

    def of(self, service: Service) -> Values:  # noqa: ARG002 - of the protocol
        """Give none."""
        return Values({}, {})
