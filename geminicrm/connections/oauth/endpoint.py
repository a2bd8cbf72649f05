"""The token endpoint of a service: one request, one answer, read with suspicion."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request

from geminicrm.connections.oauth.client import Client
from geminicrm.connections.oauth.problems import GrantRefused, ProviderAway
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.http import HttpClient, HttpFailed, HttpRequest, HttpResponse

SECONDS: Final = 10.0
"""What a service has to answer within."""
_MOST_BYTES: Final = 256 * 1024
_MOST_WORDS: Final = 300
_LOWEST_WRONG: Final = 400
_LOWEST_FAULT: Final = 500
_TOO_MANY: Final = 429
_MOST_WAIT: Final = 3600
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_METHODS: Final = {"basic": "client_secret_basic", "post": "client_secret_post"}
_HEADERS: Final = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
}


class TokenEndpoint:
    """Asks services for tokens through the guarded client: no redirect, no proxy, no inner host."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def ask(self, client: Client, grant_type: str, **fields: str) -> Mapping[str, Any]:
        """Send one grant and give the answer (RFC 6749, sections 4 to 6).

        Raises GrantRefused where the service says no, ProviderAway where it says nothing that
        could be read; AuthenticationError where the connection is not filled in.
        """
        body = prepare_token_request(grant_type, **fields)
        return _read(self._post(client, client.address(client.way.token_url), body))

    def give_back(self, client: Client, token: str, kind: str) -> None:
        """Revoke a token; `kind` is the hint (RFC 7009, section 2). Raises as `ask`."""
        url = client.address(client.way.revocation_url)
        body, _ = prepare_revoke_token_request(token, kind)
        answer = self._post(client, url, body)
        if answer.status >= _LOWEST_WRONG:
            raise ProviderAway(f"the service answered {answer.status}")

    def _post(self, client: Client, url: str, body: str) -> HttpResponse:
        url, headers, body = _authenticated(client, url, body)
        request = HttpRequest(
            "POST",
            url,
            headers,
            body.encode(),
            deadline_seconds=SECONDS,
            max_bytes=_MOST_BYTES,
        )
        try:
            return self._http.request(request)
        except HttpFailed as error:
            raise ProviderAway(error.detail) from error
        except ValidationFailed as error:
            # A secret with a line break: only a person can mend it.
            raise GrantRefused("invalid_client", "the client id or secret can't be sent") from error


def _authenticated(client: Client, url: str, body: str) -> tuple[str, dict[str, str], str]:
    """Say who asks (RFC 6749, section 2.3); service accounts say it in their assertion."""
    headers = dict(_HEADERS)
    if client.way.type == "service_account":
        return url, headers, body
    method = _METHODS[client.way.client_authentication] if client.secret else "none"
    auth = ClientAuth(client.id, client.secret, method)
    try:
        prepared: tuple[str, dict[str, str], str] = auth.prepare("POST", url, headers, body)
    except UnicodeEncodeError as error:
        raise GrantRefused("invalid_client", "the client id or secret can't be sent") from error
    return prepared


def _read(answer: HttpResponse) -> Mapping[str, Any]:
    body = _json(answer.body)
    code = _code(body, answer.status)
    if answer.status >= _LOWEST_FAULT or answer.status == _TOO_MANY or code in _PASSING:
        raise ProviderAway(f"the service answered {answer.status}", _wait(answer))
    if code:
        raise GrantRefused(code[:_MOST_WORDS], _words(body))
    if not isinstance(body.get("access_token"), str) or not body["access_token"]:
        raise ProviderAway(f"the service answered {answer.status} without a token")
    return body


def _json(body: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _code(body: Mapping[str, Any], status: int) -> str:
    """Give the service's word for its refusal; some say no with a 200, or in words of their own."""
    error = body.get("error")
    if isinstance(error, dict):
        error = error.get("type") or error.get("code")
    if not error and _LOWEST_WRONG <= status < _LOWEST_FAULT:
        error = body.get("status") or body.get("code")
    return str(error or "")


def _words(body: Mapping[str, Any]) -> str:
    said = body.get("error_description") or body.get("message") or ""
    return str(said)[:_MOST_WORDS]


def _wait(answer: HttpResponse) -> int:
    given = answer.headers.get("retry-after", "")
    return min(int(given), _MOST_WAIT) if given.isascii() and given.isdigit() else 0
