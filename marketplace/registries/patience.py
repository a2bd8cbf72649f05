"""Asking a registry for a page: little patience, and none at all while it is away."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from geminicrm.kernel.clock import Clock
from geminicrm.kernel.limits import Breaker
from marketplace.registries.errors import RegistryUnreachable
from marketplace.registries.transport import Transport

PAGE_SECONDS: Final = 3.0
KEPT_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 10.0
_MOST_KEPT: Final = 256
_AT_ONCE: Final = 2
_Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


class Patience:
    """What is remembered of one registry between pages: its last answers, and whether it is away.

    One failure opens the breaker, so that a page that needs three answers waits once, and the next
    page not at all. No more than two threads ever wait for the same registry.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._breaker = Breaker(clock, 1, PAUSE_SECONDS, PAUSE_SECONDS)
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._kept: dict[_Key, tuple[float, bytes]] = {}
        self._lock = threading.Lock()

    def kept(self, key: _Key) -> bytes | None:
        """Give an answer that is not old yet."""
        with self._lock:
            at, content = self._kept.get(key, (0.0, b""))
        return content if at and self._monotonic() - at < KEPT_SECONDS else None

    def keep(self, key: _Key, content: bytes) -> None:
        """Remember an answer."""
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (self._monotonic(), content)

    def ask(self, name: str, question: Callable[[], bytes]) -> bytes:
        """Put a question; RegistryUnreachable at once where it was away a moment ago."""
        if not self._places.acquire(blocking=False):
            raise RegistryUnreachable(name, "others wait for it already.", 1.0)
        try:
            if not self._breaker.allow():
                raise RegistryUnreachable(
                    name, "it did not answer a moment ago, and is left alone.", PAUSE_SECONDS
                )
            return self._reported(question)
        finally:
            self._places.release()

    def _reported(self, question: Callable[[], bytes]) -> bytes:
        try:
            answer = question()
        except RegistryUnreachable:
            self._breaker.failure()
            raise
        except BaseException:
            self._breaker.success()  # it has answered, whatever that was
            raise
        self._breaker.success()
        return answer


class PatientTransport:
    """Another transport, asked for pages."""

    def __init__(self, name: str, inner: Transport, patience: Patience) -> None:
        self._name = name
        self._inner = inner
        self._patience = patience

    def get(self, path: str, query: Mapping[str, str], *, most: int, seconds: float) -> bytes:
        """Give the answer, or the last one where that is young; see `Transport`."""
        key = (path, tuple(sorted(query.items())))
        kept = self._patience.kept(key)
        if kept is not None:
            return kept
        content = self._patience.ask(
            self._name, lambda: self._inner.get(path, query, most=most, seconds=seconds)
        )
        self._patience.keep(key, content)
        return content

    def package(self, digest: str, *, size: int, folder: Path, seconds: float) -> Path:
        """Bring a package in; pages never do."""
        return self._inner.package(digest, size=size, folder=folder, seconds=seconds)
