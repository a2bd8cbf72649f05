"""Credentials on their way into a call: added by the core, after the extension has let go of it."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.opened import Opened
from geminicrm.connections.trust import MEND
from geminicrm.connections.ways import OAUTH2, Authentication, Injection
from geminicrm.kernel.http import HttpRequest

ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - the name of a placeholder
_CORE_ONLY: Final = frozenset({"basic", *OAUTH2})
"""Kinds of sign-in whose settings nobody needs to see: the core signs in."""
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def injected(request: HttpRequest, opened: Opened, token: str | None = None) -> HttpRequest:
    """Give the request with the credentials of a connection; `token` stands for a fresh one.

    A header that the extension gave itself under the same name is replaced. Raises the SDK's
    AuthenticationError where a credential is not filled in or a token can't be had.
    """
    values = _Values(opened, token)
    for place in opened.way.inject:
        request = _put(request, place, values.filled(place.value))
    if opened.way.type == "basic":
        request = _put(request, _AUTHORIZATION, f"Basic {values.pair()}")
    return request


def fields_in(way: Authentication) -> frozenset[str]:
    """Name the fields whose values the core puts into calls by itself."""
    named = {name for place in way.inject for name in _PLACEHOLDER.findall(place.value)}
    spoken_for = way.settings if way.type in _CORE_ONLY else ()
    return frozenset({*named, *spoken_for})


def needs_token(opened: Opened) -> bool:
    """Tell whether calls of this connection carry an access token of OAuth2."""
    asked = {name for place in opened.way.inject for name in _PLACEHOLDER.findall(place.value)}
    return ACCESS_TOKEN in asked and opened.way.type in OAUTH2


_AUTHORIZATION: Final = Injection("header", "Authorization", "")


class _Values:
    def __init__(self, opened: Opened, token: str | None) -> None:
        self._opened = opened
        self._token = token

    def filled(self, template: str) -> str:
        return _PLACEHOLDER.sub(lambda found: self._value(found[1]), template)

    def pair(self) -> str:
        user, password = (self._value(name) for name in self._opened.way.settings[:2])
        return b64encode(f"{user}:{password}".encode()).decode()

    def _value(self, name: str) -> str:
        # A setting may have that name too, for another way to sign in.
        if name == ACCESS_TOKEN and needs_token(self._opened):
            connection, way = self._opened.connection, self._opened.way
            return self._token or self._opened.tokens.access_token(connection, way)
        known: Mapping[str, Any] = {**self._opened.plain(), **self._opened.credentials()}
        if known.get(name):
            return str(known[name])
        if self._opened.withheld:
            raise AuthenticationError(self._opened.withheld, mend=MEND)
        raise AuthenticationError(
            f"{self._opened.service.name}: {name} is not filled in.",
            mend="Fill it in on the connection's page.",
        )


def _put(request: HttpRequest, place: Injection, value: str) -> HttpRequest:
    if place.place == "header":
        kept = {k: v for k, v in request.headers.items() if k.lower() != place.name.lower()}
        return replace(request, headers={**kept, place.name: value})
    parts = urlsplit(request.url)
    pair = f"{quote(place.name)}={quote(value, safe='')}"
    query = f"{parts.query}&{pair}" if parts.query else pair
    return replace(request, url=urlunsplit(parts._replace(query=query)))
