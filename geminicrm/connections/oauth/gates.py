"""One thread of this process at a time for each connection; the others wait, and then look."""

import contextlib
import threading
from collections.abc import Iterator
from weakref import WeakValueDictionary

from extensions.sdk.service_errors import ServiceUnavailable


class Gates:
    """Locks by name, each kept as long as somebody is at it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._gates: WeakValueDictionary[str, _Gate] = WeakValueDictionary()

    @contextlib.contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Go through alone. Raises ServiceUnavailable where others take too long."""
        with self._lock:
            gate = self._gates.get(name)
            if gate is None:
                gate = self._gates[name] = _Gate()
        if not gate.lock.acquire(timeout=self._seconds):
            raise ServiceUnavailable("The service takes too long to give an access token.")
        try:
            yield
        finally:
            gate.lock.release()


class _Gate:
    def __init__(self) -> None:
        self.lock = threading.Lock()
