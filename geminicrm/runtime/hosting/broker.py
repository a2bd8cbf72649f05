"""Calls back of a host: checked, then made at the same doors that code in process uses."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import SdkError
from geminicrm.runtime.context import ExtensionContext
from geminicrm.runtime.host import values
from geminicrm.runtime.host.backs import BACKS
from geminicrm.runtime.host.messages import MOST_HEADERS, Back, Headers, HttpBack
from geminicrm.runtime.host.wire import WireBroken
from geminicrm.runtime.hosting.methods import METHODS

_LONGEST_NAME = 200
_LONGEST_VALUE = 8_192
_MOST_OF_HEADERS = 12 * 1024
_FAULT = "The core could not do it; its log says why."
_log = structlog.get_logger(__name__)
T = TypeVar("T")


class Broker:
    """Opens the doors of one extension to its hosts.

    They find workspace, actor and installation in the current call of this thread, so a host says
    nothing of whose data it wants, and can't.
    """

    def __init__(self, extension_id: str, app: ExtensionContext) -> None:
        self.extension_id = extension_id
        self.app = app

    def answer(self, back: Back, arguments: bytes) -> bytes:
        """Give what a method gives, as JSON.

        Raises the SDK's errors, which the extension is to have, and WireBroken for what the SDK in
        a host never sends.
        """
        key = (back.door, back.method)
        kind = BACKS.get(key)
        if kind is None:
            raise WireBroken(f"there is no {back.door}.{back.method}")
        try:
            given = values.decode(arguments, kind)
        except values.ValueRefused as error:
            raise WireBroken(f"wrong arguments for {back.door}.{back.method}: {error}") from None
        return self._guarded(lambda: values.encode(METHODS[key](self.app, given)))

    def send(self, back: HttpBack, body: bytes, deadline: float) -> HttpResponse:
        """Send an outside request, until the deadline at most. Raises the SDK's errors."""
        return self._guarded(
            lambda: self.app.http.request(
                back.method,
                back.url,
                headers=dict(back.headers),
                body=body or None,
                timeout=min(back.timeout, deadline - time.monotonic()),
                retries=back.retries,
                idempotency_key=back.key,
                idempotency_header=back.key_header,
                cache_seconds=back.cache_seconds,
            )
        )

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (SdkError, WireBroken):
            raise
        except Exception as error:
            # The fault is the core's: nothing of it is the extension's business.
            _log.exception("a door failed for an extension", extension_id=self.extension_id)
            raise SdkError(_FAULT) from error


def fitting(headers: dict[str, str]) -> Headers:
    """Give the headers of an outside answer that fit into a message; longer ones are left out."""
    left = _MOST_OF_HEADERS
    kept = []
    for name, value in list(headers.items())[:MOST_HEADERS]:
        size = len(name.encode()) + len(value.encode())
        if len(name) <= _LONGEST_NAME and len(value) <= _LONGEST_VALUE and size <= left:
            left -= size
            kept.append((name, value))
    return tuple(kept)
