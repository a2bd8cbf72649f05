"""Answers to reads that a caller wants kept for a while: in memory, each connection's its own."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from geminicrm.connections.outgoing.calls import LONGEST_CACHE_SECONDS, OutsideCall
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.kernel.http import HttpRequest, HttpResponse

MOST_ANSWERS: Final = 500
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_OF_ONE: Final = 512 * 1024
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer, and until when it serves without asking (monotonic seconds)."""

    answer: HttpResponse
    until: float
    etag: str | None


class AnswerCache:
    """Keeps the answers to GET of which the caller said for how long; the least used goes first."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        self._stored: OrderedDict[_Key, Stored] = OrderedDict()
        self._bytes = 0

    def find(self, call: OutsideCall) -> Stored | None:
        """Give what is stored for a call, whether it still serves or not."""
        if not _wanted(call):
            return None
        key = _key(call)
        with self._lock:
            found = self._stored.get(key)
            if found is not None:
                self._stored.move_to_end(key)
            return found

    def serves(self, stored: Stored) -> bool:
        """Tell whether an answer may be given without asking."""
        return self._pace.monotonic() < stored.until

    def keep(self, call: OutsideCall, stored: Stored | None, answer: HttpResponse) -> HttpResponse:
        """Store an answer where it is to be, and give what the caller gets for it."""
        if stored is not None and answer.status == _NOT_MODIFIED:
            answer = replace(stored.answer, elapsed_ms=answer.elapsed_ms)
        if _wanted(call) and _may_be_stored(answer):
            seconds = min(call.cache_seconds, LONGEST_CACHE_SECONDS)
            until = self._pace.monotonic() + seconds
            self._put(_key(call), Stored(answer, until, answer.headers.get("etag")))
        return answer

    def _put(self, key: _Key, stored: Stored) -> None:
        with self._lock:
            self._drop(key)
            self._stored[key] = stored
            self._bytes += len(stored.answer.body)
            while self._bytes > MOST_BYTES or len(self._stored) > MOST_ANSWERS:
                self._drop(next(iter(self._stored)))

    def _drop(self, key: _Key) -> None:
        gone = self._stored.pop(key, None)
        if gone is not None:
            self._bytes -= len(gone.answer.body)


def asking_for_news(request: HttpRequest, stored: Stored | None) -> HttpRequest:
    """Give the request so that the service need not send again what is stored (RFC 9110, 13.1)."""
    if stored is None or stored.etag is None:
        return request
    return replace(request, headers={**request.headers, "If-None-Match": stored.etag})


def _wanted(call: OutsideCall) -> bool:
    if call.cache_seconds <= 0 or call.request.method != "GET":
        return False
    return all(name.lower() != "if-none-match" for name in call.request.headers)


def _may_be_stored(answer: HttpResponse) -> bool:
    allowed = "no-store" not in answer.headers.get("cache-control", "").lower()
    return answer.status == _OK and allowed and len(answer.body) <= MOST_OF_ONE


def _key(call: OutsideCall) -> _Key:
    # Who is signed in as another person, or to another account, sees something else.
    one = call.opened.connection if call.opened is not None else None
    signed_in = (one.secrets, one.way, one.account) if one is not None else None
    headers = tuple(sorted(call.request.headers.items()))
    return call.keeper, signed_in, call.request.url, headers
