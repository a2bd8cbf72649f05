"""How each kind of sign-in comes by its next access token, without a person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from geminicrm.connections.oauth.client import Client
from geminicrm.connections.oauth.endpoint import TokenEndpoint
from geminicrm.connections.oauth.problems import GrantRefused

_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS: Final = 3600


def renew(
    endpoint: TokenEndpoint, client: Client, refresh_token: str, now: datetime
) -> Mapping[str, Any]:
    """Ask for the next token. Raises GrantRefused, ProviderAway, AuthenticationError."""
    if client.way.type == "client_credentials":
        return _by_secret(endpoint, client)
    if client.way.type == "service_account":
        return _by_key(endpoint, client, now)
    if not refresh_token:
        raise GrantRefused("no_refresh_token", "the sign-in has ended, and can't be renewed")
    return endpoint.ask(client, "refresh_token", refresh_token=refresh_token)


def _by_secret(endpoint: TokenEndpoint, client: Client) -> Mapping[str, Any]:
    """Client credentials (RFC 6749, section 4.4); `parameters` may name a grant of the service."""
    fields = client.parameters()
    grant_type = fields.pop("grant_type", "client_credentials")
    return endpoint.ask(client, grant_type, **{"scope": _scope(client), **fields})


def _by_key(endpoint: TokenEndpoint, client: Client, now: datetime) -> Mapping[str, Any]:
    """Sign for a service account (RFC 7523, section 2.1)."""
    issuer, key = _account(client)
    claims = {"scope": _scope(client), **client.parameters()}
    audience = claims.pop("aud", None) or client.address(client.way.token_url)
    subject = claims.pop("sub", None)
    assertion: str = sign_jwt_bearer_assertion(
        key,
        issuer,
        audience,
        subject,
        issued_at=int(now.timestamp()),
        expires_in=_ASSERTION_SECONDS,
        claims={name: value for name, value in claims.items() if value},
        alg="RS256",
    )
    return endpoint.ask(client, _JWT_BEARER, assertion=assertion)


def _account(client: Client) -> tuple[str, RSAKey]:
    """Read the account: one setting with the service's JSON file, or its name and its key."""
    if len(client.way.settings) > 1:
        issuer, key = client.setting(0), client.setting(1)
    else:
        issuer, key = _file(client.setting(0))
    try:
        # A key that was pasted into one line, or came by a variable, has its line breaks spelled.
        return issuer, RSAKey.import_key(key.replace("\\n", "\n").encode())
    except (JoseError, ValueError) as error:
        raise GrantRefused("invalid_client", "the private key can't be read") from error


def _file(text: str) -> tuple[str, str]:
    try:
        read = orjson.loads(text)
        return str(read["client_email"]), str(read["private_key"])
    except (orjson.JSONDecodeError, LookupError, TypeError) as error:
        message = "the service account's file needs client_email and private_key"
        raise GrantRefused("invalid_client", message) from error


def _scope(client: Client) -> str:
    return " ".join(client.way.scopes)
