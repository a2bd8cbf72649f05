"""Calls of HubSpot's API: JSON, pages, and what a lost answer means."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from extensions.sdk.context import Context, HttpResponse
from extensions.sdk.errors import HttpFailed
from extensions.sdk.service_errors import ServiceRefused, ServiceUnavailable

from .errors import Effect, fault, lost, nonsense

_FIRST_NO: Final = 300
_Data = Mapping[str, Any]
_Read = TypeVar("_Read")


def path(*parts: str) -> str:
    """Give a path. ServiceRefused for an empty id, which would address the list."""
    if not all(part.strip(". ") for part in parts):
        raise ServiceRefused("Give an id of HubSpot.", service_code="OBJECT_NOT_FOUND")
    return "/".join(("", *(quote(part, safe="") for part in parts)))


def after_of(page: _Data) -> str:
    """Give what asks for the next page, "" on the last."""
    following = (page.get("paging") or {}).get("next") or {}
    return str(following.get("after") or "")


class Api:
    """HubSpot for the connection of the current call."""

    def __init__(self, app: Context) -> None:
        self._app = app

    def get(self, where: str, read: Callable[[_Data], _Read], **query: object) -> _Read:
        """Read."""
        asked = urlencode({name: value for name, value in query.items() if value})
        return self._send("GET", f"{where}?{asked}" if asked else where, read, effect="read")

    def post(
        self, where: str, read: Callable[[_Data], _Read], body: object, *, effect: Effect = "once"
    ) -> _Read:
        """Post JSON; `effect` says whether it may be done twice."""
        return self._send("POST", where, read, body=body, effect=effect)

    def patch(self, where: str, read: Callable[[_Data], _Read], body: object) -> _Read:
        """Change one thing."""
        return self._send("PATCH", where, read, body=body, effect="same")

    def delete(self, where: str) -> None:
        """Put one thing away."""
        self._send("DELETE", where, _nothing, effect="same")

    def pages(self, where: str, **query: object) -> Iterator[_Data]:
        """Read a list to its end, one result at a time."""
        after, seen = "", set[str]()
        while True:
            page = self.get(where, _listed, **query, after=after)
            yield from page["results"]
            after = after_of(page)
            if not after:
                return
            if after in seen:  # or this would go on for ever
                raise ServiceUnavailable("HubSpot gives the same page again and again.")
            seen.add(after)

    def _send(
        self,
        method: str,
        where: str,
        read: Callable[[_Data], _Read],
        *,
        effect: Effect,
        body: object = None,
    ) -> _Read:
        base = str(self._app.settings["base_url"]).rstrip("/")
        try:
            answer = self._app.http.request(method, f"{base}{where}", json=body)
        except HttpFailed as error:
            raise lost(error, effect) from error
        if answer.status >= _FIRST_NO:
            raise fault(answer, effect)
        try:
            return read(_body(answer))
        except (HttpFailed, AttributeError, LookupError, TypeError, ValueError) as error:
            raise nonsense(error, effect) from error


def _body(answer: HttpResponse) -> _Data:
    return answer.json() if answer.body else {}


def _listed(page: _Data) -> _Data:
    if not isinstance(page["results"], list):
        raise TypeError("results is no list")
    return page


def _nothing(_data: _Data) -> None:
    """Read an answer that says nothing."""
