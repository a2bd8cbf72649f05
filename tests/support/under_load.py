"""Clients that never stop asking a server, and keep what was wrong with its answers."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

Right = Callable[[int, bytes], bool]


@dataclass(frozen=True)
class Question:
    """What one client asks again and again, and which answers are right."""

    path: str
    is_right: Right


@dataclass
class Tally:
    """What all clients have heard: statuses and bodies by number, wrong answers, latencies."""

    seen: Counter[tuple[int, bytes]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Load:
    """Clients on connections that stay open; `stop` ends them after the answer they wait for."""

    def __init__(self, port: int, token: str, questions: Sequence[Question]) -> None:
        self.tally = Tally()
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"}
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(each,), name=each.path) for each in questions
        ]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop asking."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, question: Question) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as line:
            while not self._stop.is_set():
                self._ask(line, question)

    def _ask(self, line: http.client.HTTPConnection, question: Question) -> None:
        started = time.perf_counter()
        try:
            line.request("GET", question.path, headers=self._headers)
            answer = line.getresponse()
            status, body = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            status, body = 0, repr(error).encode()
        took = time.perf_counter() - started
        right = question.is_right(status, body)
        with self._lock:
            self.tally.seconds.append(took)
            self.tally.seen[status, body if right else b""] += 1
            self.tally.wrong += [] if right else [f"{question.path}: {status} {body[:500]!r}"]


@contextmanager
def load(port: int, token: str, questions: Sequence[Question]) -> Iterator[Tally]:
    """Ask from several clients while the block runs; give what they hear."""
    made = Load(port, token, questions)
    made.start()
    try:
        yield made.tally
    finally:
        made.stop()


def gives(*bodies: Any, also: Sequence[int] = ()) -> Right:
    """Take an answer for right that is 200 with one of these as JSON, or has a status of `also`."""

    def is_right(status: int, body: bytes) -> bool:
        return status in also or (status == http.client.OK and json.loads(body) in bodies)

    return is_right


def has_records(status: int, body: bytes) -> bool:
    """Take a list that is not empty for right."""
    return status == http.client.OK and bool(json.loads(body)["data"])
