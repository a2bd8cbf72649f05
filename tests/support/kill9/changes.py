"""Clients that change records over REST, and go on whatever becomes of the server."""

import itertools
import threading
from typing import Any

import requests

THREADS = 4
_VERSIONS = 5
_SECONDS = 30.0


class Changes:
    """Makes `count` changes that are answered; `answered` is what a 2xx has confirmed.

    A change without an answer, or one that a server in trouble has refused, may have been made or
    not: it is made again. `troubles` counts them by status, 0 for none.
    """

    def __init__(self, address: str, headers: dict[str, str], count: int, pause: float) -> None:
        self.answered: set[tuple[str, int]] = set()
        self.troubles: dict[int, int] = {}
        self.wrong: list[str] = []
        self._address = address
        self._headers = headers
        self._numbers = iter(range(count))
        self._pause = pause
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work) for _ in range(THREADS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def running(self) -> bool:
        """Tell whether changes are still made."""
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """End, however many were made."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        with requests.Session() as session:
            session.headers.update(self._headers)
            while not self._stop.is_set():
                if not self._one_record(session):
                    return

    def _one_record(self, session: requests.Session) -> bool:
        record: dict[str, Any] | None = None
        for _version in range(_VERSIONS):
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return False
            record = self._change(session, record, number)
            if record is None:
                return False
            self._stop.wait(self._pause)
        return True

    def _change(
        self, session: requests.Session, record: dict[str, Any] | None, number: int
    ) -> dict[str, Any] | None:
        for attempt in itertools.count(1):
            if self._stop.is_set():
                return None
            answer = self._ask(session, record, number, attempt)
            if answer is not None and answer.ok:
                made: dict[str, Any] = answer.json()
                with self._lock:
                    self.answered.add((made["id"], made["version"]))
                return made
            status = 0 if answer is None else answer.status_code
            with self._lock:
                self.troubles[status] = self.troubles.get(status, 0) + 1
                if 0 < status < 500:
                    self.wrong.append(f"{status}: {'' if answer is None else answer.text}")
            self._stop.wait(0.2)
        return None

    def _ask(
        self, session: requests.Session, record: dict[str, Any] | None, number: int, attempt: int
    ) -> requests.Response | None:
        # Each attempt changes something: what changes nothing makes no version and no event.
        fields = {"last_name": f"Change {number}-{attempt}"}
        way, path = ("POST", "") if record is None else ("PATCH", f"/{record['id']}")
        url = f"{self._address}/api/leads{path}"
        try:
            return session.request(way, url, json=fields, timeout=_SECONDS)
        except requests.RequestException:
            return None
