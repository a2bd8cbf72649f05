"""A request as it travels to a host."""

from collections.abc import Mapping
from typing import Any

from geminicrm.runtime.host.messages import MOST_HEADERS, Request
from geminicrm.runtime.host.wire import TooLong
from geminicrm.runtime.hosting.conversation import Opening

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that may be asked for twice (RFC 9110, section 9.2.1)."""
_LONGEST = 8_192
_LONGEST_NAME = 200


def opening_of(environ: Mapping[str, Any]) -> Opening:
    """Give the maker of the message for a WSGI environment. Raises TooLong when it is called."""
    headers = tuple(
        (name[5:].replace("_", "-").lower(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    )
    content_type = environ.get("CONTENT_TYPE")
    if content_type:
        headers = (("content-type", content_type), *headers)

    def opening(number: int, seconds: float) -> Request:
        _check(environ, headers)
        return Request(
            id=number,
            seconds=seconds,
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            query=environ.get("QUERY_STRING", ""),
            scheme=environ["wsgi.url_scheme"],
            server=environ["SERVER_NAME"],
            port=environ["SERVER_PORT"],
            protocol=environ["SERVER_PROTOCOL"],
            headers=headers,
        )

    return opening


def _check(environ: Mapping[str, Any], headers: tuple[tuple[str, str], ...]) -> None:
    """Refuse what a host would take for a fault of ours."""
    texts = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""), *(one for _, one in headers))
    names = (environ["REQUEST_METHOD"], *(name for name, _ in headers))
    if (
        len(headers) > MOST_HEADERS
        or max(map(len, texts)) > _LONGEST
        or max(map(len, names)) > _LONGEST_NAME
    ):
        raise TooLong("the request is longer than a message may be")
