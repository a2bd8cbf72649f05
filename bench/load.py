"""The load generator: one thread, raw sockets kept alive, every answer checked.

One process with a selector asks more than ten times as often as a Python server can answer, so
that it is the server that is measured; the workload `ceiling` shows how often.
"""

import gc
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.stats import percentile

_CHUNK = 256 * 1024
_PATIENCE = 30.0
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Unanswered(RuntimeError):
    """The server closed a connection, or said nothing for too long."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it goes over the wire, and what tells a right answer from a wrong one."""

    request: bytes
    is_right: Callable[[int, bytes], bool]


Source = Callable[[], Exchange]
"""Gives the next exchange of one connection."""


@dataclass(slots=True)
class Tally:
    """What one group of connections saw: seconds of each answer, wrong ones with the first.

    `cpu` is what the server used meanwhile, in processor seconds.
    """

    latencies: list[float] = field(default_factory=list)
    wrong: int = 0
    first_wrong: str = ""
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Processor milliseconds of the server for each answer."""
        return self.cpu / len(self.latencies) * 1000

    def ms(self, percent: float) -> float:
        """Give a percentile of the latencies in milliseconds."""
        return percentile(self.latencies, percent) * 1000


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    source: Source
    tally: Tally
    exchange: Exchange
    asked: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)

    def ask(self) -> None:
        self.exchange = self.source()
        self.buffer.clear()
        self.asked = time.perf_counter()
        self.socket.sendall(self.exchange.request)

    def hear(self) -> bool:
        """Take what has come; tell whether the answer is complete, and count it."""
        chunk = self.socket.recv(_CHUNK)
        if not chunk:
            raise Unanswered("the server closed the connection")
        self.buffer += chunk
        answer = parsed(self.buffer)
        if answer is None:
            return False
        self.tally.latencies.append(time.perf_counter() - self.asked)
        if not self.exchange.is_right(*answer):
            self.tally.wrong += 1
            self.tally.first_wrong = self.tally.first_wrong or f"{answer[0]} {answer[1][:300]!r}"
        return True


def parsed(buffer: bytes | bytearray) -> tuple[int, bytes] | None:
    """Give status and body of an answer, or None while some of it is missing.

    ValueError for an answer without a length: it could not be told from the next one.
    """
    end = buffer.find(_END)
    if end < 0:
        return None
    status = int(buffer[9:12])
    head = bytes(buffer[:end]).lower()
    at = head.find(_LENGTH)
    if at < 0:
        if status in {204, 304}:
            return status, b""
        raise ValueError(f"an answer without content-length: {head!r}")
    length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
    begin = end + len(_END)
    if len(buffer) < begin + length:
        return None
    return status, bytes(buffer[begin : begin + length])


def drive(port: int, groups: Sequence[Sequence[Source]], seconds: float) -> list[Tally]:
    """Ask for `seconds`, each source over a connection of its own; give a tally for each group.

    Raises Unanswered, OSError.
    """
    tallies = [Tally() for _ in groups]
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        connections = [
            _Connection(stack.enter_context(_connect(port)), source, tally, source())
            for sources, tally in zip(groups, tallies, strict=True)
            for source in sources
        ]
        for one in connections:
            selector.register(one.socket, selectors.EVENT_READ, one)
        gc.collect()
        gc.disable()  # a pause of ours would be counted as the server's
        try:
            took = _loop(selector, connections, seconds)
        finally:
            gc.enable()
    for tally in tallies:
        tally.seconds = took
    return tallies


def _loop(
    selector: selectors.BaseSelector, connections: Sequence[_Connection], seconds: float
) -> float:
    started = time.perf_counter()
    until = started + seconds
    for one in connections:
        one.ask()
    waiting = len(connections)
    while waiting:
        ready = selector.select(_PATIENCE)
        if not ready:
            raise Unanswered(f"no answer within {_PATIENCE:g} s")
        for key, _ in ready:
            if key.data.hear():
                if time.perf_counter() < until:
                    key.data.ask()
                else:
                    waiting -= 1
    return time.perf_counter() - started


def _connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
