"""Certificates and key sets that schemes name: fetched rarely, kept in memory."""

import threading
import time
from collections.abc import Callable
from typing import Final

from geminicrm.kernel.http import HttpClient, HttpFailed, HttpRequest

KEPT_SECONDS: Final = 6 * 3600.0
FAILED_SECONDS: Final = 30.0
MOST_KEPT: Final = 64
_SECONDS: Final = 2.0
_MOST_BYTES: Final = 256 * 1024
_OK: Final = 200


class Fetched:
    """Implements Fetch: one request at a time asks for an address, the others wait for it.

    A failure is remembered for half a minute: what strangers send must not become a storm.
    """

    def __init__(self, http: HttpClient, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, bytes | None]] = {}

    def __call__(self, url: str) -> bytes:
        """Give what is there. Raises LookupError where it can't be had now."""
        with self._lock:
            until, body = self._kept.get(url, (0.0, None))
            if until <= self._monotonic():
                body = self._ask(url)
        if body is None:
            raise LookupError(f"{url} can't be had now")
        return body

    def _ask(self, url: str) -> bytes | None:
        try:
            answer = self._http.request(
                HttpRequest(
                    "GET", url, deadline_seconds=_SECONDS, max_bytes=_MOST_BYTES, https_only=True
                )
            )
            body = answer.body if answer.status == _OK else None
        except HttpFailed:
            body = None
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        keep = FAILED_SECONDS if body is None else KEPT_SECONDS
        self._kept[url] = (self._monotonic() + keep, body)
        return body
