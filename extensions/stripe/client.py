"""Calls of Stripe's API: pinned version, forms, idempotency keys, pages to the end."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

from extensions.sdk.context import Context, HttpResponse
from extensions.sdk.errors import HttpFailed
from extensions.sdk.service_errors import ServiceRefused, ServiceUnavailable

from .errors import fault, lost, nonsense
from .mapping import encoded

VERSION: Final = "2023-08-16"
"""The API version that this extension was written for; the account's own may be another."""
_PAGE: Final = 100
_LONGEST_KEY: Final = 200
_FIRST_NO: Final = 300
_Data = Mapping[str, Any]
_Read = TypeVar("_Read")


def path(*parts: str) -> str:
    """Give a path below /v1. ServiceRefused for an empty id, which would address the list."""
    if not all(part.strip(". ") for part in parts):
        raise ServiceRefused("Give an id of Stripe.", service_code="resource_missing")
    return "/".join(("/v1", *(quote(part, safe="") for part in parts)))


class Api:
    """Stripe for the connection of the current call."""

    def __init__(self, app: Context) -> None:
        self._app = app

    def get(self, where: str, read: Callable[[_Data], _Read], **query: object) -> _Read:
        """Read one thing."""
        asked = encoded(query)
        return self._send("GET", f"{where}?{asked}" if asked else where, read)

    def post(
        self, where: str, read: Callable[[_Data], _Read], form: _Data, key: str | None = None
    ) -> _Read:
        """Write; without a key only what is the same when it is asked twice."""
        return self._send("POST", where, read, encoded(form).encode(), key)

    def delete(self, where: str, read: Callable[[_Data], _Read]) -> _Read:
        """Delete."""
        return self._send("DELETE", where, read)

    def all(self, where: str, read: Callable[[_Data], _Read], **query: object) -> tuple[_Read, ...]:
        """Read a list, page by page, to its end."""
        return tuple(self._pages(where, read, query))

    def _pages(self, where: str, read: Callable[[_Data], _Read], query: _Data) -> Iterator[_Read]:
        after, seen = None, set[str]()
        while True:
            found, last, more = self.get(
                where, lambda page: _page(page, read), **query, limit=_PAGE, starting_after=after
            )
            yield from found
            if not more:
                return
            if last in seen:  # or this would go on for ever
                raise ServiceUnavailable("Stripe gives the same page again and again.")
            seen.add(last)
            after = last

    def _send(
        self,
        method: str,
        where: str,
        read: Callable[[_Data], _Read],
        body: bytes | None = None,
        key: str | None = None,
    ) -> _Read:
        writes = method != "GET"
        try:
            answer = self._request(method, where, body, key)
        except HttpFailed as error:
            raise lost(error, writes=writes) from error
        if answer.status >= _FIRST_NO:
            raise fault(answer, writes=writes)
        try:
            return read(answer.json())
        except (HttpFailed, AttributeError, LookupError, TypeError, ValueError) as error:
            raise nonsense(error, writes=writes) from error

    def _request(
        self, method: str, where: str, body: bytes | None, key: str | None
    ) -> HttpResponse:
        headers = {"Stripe-Version": VERSION}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        base = str(self._app.settings["base_url"]).rstrip("/")
        return self._app.http.request(
            method,
            f"{base}{where}",
            headers=headers,
            body=body,
            idempotency_key=None if key is None else _checked(key),
        )


def _page(page: _Data, read: Callable[[_Data], _Read]) -> tuple[tuple[_Read, ...], str, bool]:
    data = page["data"]
    return tuple(read(one) for one in data), data[-1]["id"] if data else "", page["has_more"]


def _checked(key: str) -> str:
    if not (0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        raise ServiceRefused(
            f"Give an idempotency key of 1 to {_LONGEST_KEY} plain characters.",
            service_code="idempotency_key",
        )
    return key
