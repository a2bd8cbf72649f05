"""Access tokens that hold: renewed once, whoever and however many ask for them."""

import time
from datetime import datetime, timedelta
from typing import Final

import structlog

from extensions.sdk.service_errors import AuthenticationError, ServiceError, ServiceUnavailable
from geminicrm.connections.models import NEEDS_REAUTH, Connection
from geminicrm.connections.oauth.client import Filled, client_of
from geminicrm.connections.oauth.endpoint import TokenEndpoint
from geminicrm.connections.oauth.gates import Gates
from geminicrm.connections.oauth.grants import renew
from geminicrm.connections.oauth.problems import GrantRefused, ProviderAway
from geminicrm.connections.oauth.rows import LEASE_SECONDS, TokenRows
from geminicrm.connections.oauth.token import Granted, Token, granted
from geminicrm.connections.table import Connected, connected
from geminicrm.connections.ways import Authentication

_WAIT_SECONDS: Final = LEASE_SECONDS + 5.0
_SHORTEST_LOOK: Final = 0.02
_LONGEST_LOOK: Final = 0.5
_YOUNG: Final = timedelta(seconds=60)
"""A token that was refused at this age is not the trouble: another one would be refused too."""
_log = structlog.get_logger(__name__)


class TokenKeeper:
    """Implements Tokens for all kinds of OAuth2.

    Who finds a token at its end takes a lease in the row, asks the service, and stores the answer
    before anybody uses it; the others wait for the row to change.
    """

    def __init__(self, rows: TokenRows, endpoint: TokenEndpoint, filled: Filled) -> None:
        self._rows = rows
        self._endpoint = endpoint
        self._filled = filled
        self._gates = Gates(_WAIT_SECONDS)

    def access_token(self, connection: Connected, way: Authentication) -> str:
        """Give one that holds for a minute at least, renewed if need be.

        Raises AuthenticationError where somebody has to sign in again, ServiceUnavailable where the
        service gives none now, DecryptionFailed where no key reads what is stored.
        """
        now = self._rows.works.clock.now()
        if connection.status != NEEDS_REAUTH and not _ends(connection, now):
            token = self._rows.token(connection.tokens)
            if token is not None:
                return token.access
        return self._renewed(connection, way, "")

    def refused(self, connection: Connected, way: Authentication, token: str) -> str | None:
        """Give another token after the service has refused this one; None where there is none."""
        try:
            return self._renewed(connection, way, token)
        except ServiceError as error:
            _log.info("no other token", connection_id=connection.id, reason=str(error))
            return None

    def _renewed(self, connection: Connected, way: Authentication, refused: str) -> str:
        until = time.monotonic() + _WAIT_SECONDS
        pause = _SHORTEST_LOOK
        with self._gates.held(connection.id):
            while True:
                row = self._rows.read(connection.workspace_id, connection.id)
                if row is None:
                    raise AuthenticationError("The connection was removed.")
                token = self._rows.token(row.tokens)
                if token is not None and self._settled(row, way, token, refused):
                    return token.access
                self._check(row, way, token)
                if self._rows.take(row):
                    return self._renew(row, way, token, refused)
                if time.monotonic() > until:
                    raise ServiceUnavailable(f"{row.name} got no access token in time.")
                time.sleep(pause)  # another process renews, and has no way to call us
                pause = min(pause * 1.5, _LONGEST_LOOK)

    def _settled(self, row: Connection, way: Authentication, token: Token, refused: str) -> bool:
        """Tell whether what is stored can be used as it is."""
        now = self._rows.works.clock.now()
        if _lost(row, way) or _over(row, now):
            return False
        if token.access != refused:
            return not _ends(connected(row), now)
        if now - token.issued_at < _YOUNG:
            raise ServiceUnavailable(f"{row.name} refuses a token that it has just given.")
        return False

    def _check(self, row: Connection, way: Authentication, token: Token | None) -> None:
        """Raise where asking the service makes no sense now."""
        if _lost(row, way):
            raise AuthenticationError(
                f"{row.name} has to be connected again: {row.last_error or 'access was withdrawn'}."
            )
        if token is None and way.type == "oauth2":
            raise AuthenticationError(
                f"{row.name} has not been signed in.", mend="Sign in on the connection's page."
            )
        now = self._rows.works.clock.now()
        if row.refresh_failures and row.refresh_at is not None and row.refresh_at > now:
            left = int((row.refresh_at - now).total_seconds()) + 1
            raise ServiceUnavailable(
                f"{row.name} gives no access token: {row.last_error}", retry_after=left
            )

    def _renew(
        self, row: Connection, way: Authentication, token: Token | None, refused: str
    ) -> str:
        try:
            given = self._asked(row, token)
        except GrantRefused as error:
            self._rows.refuse(row, error)
            raise AuthenticationError(
                f"{row.name} gives no access: {error}", mend=error.mend, service_code=error.code
            ) from error
        except ProviderAway as error:
            self._rows.postpone(row, error)
            if token is not None and token.access != refused and not self._is_over(row):
                return token.access
            raise ServiceUnavailable(
                f"{row.name} gives no access token: {error}", retry_after=error.retry_after
            ) from error
        except Exception:  # raised again: whatever it was, the lease must keep nobody waiting
            self._rows.free(row)
            raise
        return self._stored(row, way, given)

    def _asked(self, row: Connection, token: Token | None) -> Granted:
        client = client_of(connected(row), self._filled)
        kept = token.refresh if token is not None else ""
        now = self._rows.works.clock.now()
        return granted(renew(self._endpoint, client, kept, now), now, kept)

    def _stored(self, row: Connection, way: Authentication, given: Granted) -> str:
        if self._rows.store(row, way, given):
            _log.info("token renewed", connection_id=row.id, workspace_id=row.workspace_id)
            return given.token.access
        # Somebody has signed in anew or disconnected meanwhile: theirs counts.
        latest = self._rows.read(row.workspace_id, row.id)
        token = self._rows.token(latest.tokens) if latest is not None else None
        if token is None:
            raise AuthenticationError(f"{row.name} was disconnected.")
        return token.access

    def _is_over(self, row: Connection) -> bool:
        return _over(row, self._rows.works.clock.now())


def _ends(connection: Connected, now: datetime) -> bool:
    """Tell whether the token is to be renewed by now, or is over."""
    instants = (connection.refresh_at, connection.token_expires_at)
    return any(instant is not None and instant <= now for instant in instants)


def _over(row: Connection, now: datetime) -> bool:
    return row.token_expires_at is not None and row.token_expires_at <= now


def _lost(row: Connection, way: Authentication) -> bool:
    """Tell whether only a person can help; new credentials of a machine are that help."""
    if row.status != NEEDS_REAUTH:
        return False
    mended = row.last_error_at is not None and row.secrets_at > row.last_error_at
    return way.type == "oauth2" or not mended
