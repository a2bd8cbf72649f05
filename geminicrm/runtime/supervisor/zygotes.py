"""The zygote as the supervisor sees it: started when it is needed, spoken to, started again."""

import array
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import msgspec

from geminicrm.runtime.host.control import (
    Awake,
    Born,
    Ended,
    Fork,
    FromZygote,
    NotBorn,
    Signal,
    ToZygote,
)
from geminicrm.runtime.supervisor import voice
from geminicrm.runtime.supervisor.launching import LaunchFailed
from geminicrm.runtime.supervisor.loop import Loop

BOOT: Final = (
    "import sys; words = sys.argv[1:]; del sys.argv[1:]; sys.path.append(words[0]); "
    "from geminicrm.runtime.host import zygote; sys.exit(zygote.main(*map(int, words[1:])))"
)
ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
}
_MOST_BYTES: Final = 256 * 1024
_REST_SECONDS: Final = 1.0
_END_SECONDS: Final = 5.0
_SOON: Final = 0.005


class Heard(Protocol):
    """Who is told what the zygote reports."""

    def born(self, generation: int, pid: int) -> None:
        """Hear that a host was forked."""

    def not_born(self, generation: int, reason: str) -> None:
        """Hear that a host could not be forked."""

    def ended(self, pid: int, code: int) -> None:
        """Hear that a host is gone."""

    def all_ended(self, reason: str) -> None:
        """Hear that the zygote is gone, and all hosts with it."""


class Zygotes:
    """Holds one zygote at a time. `heard` is to be set before the loop runs."""

    heard: Heard

    def __init__(self, loop: Loop, path: Path) -> None:
        self._loop = loop
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._reports = msgspec.msgpack.Decoder(FromZygote)
        self._out: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._awake = False
        self._failed_at = -_REST_SECONDS

    @property
    def pid(self) -> int:
        """The zygote, or 0."""
        return self._process.pid if self._process else 0

    def start(self) -> int:
        """Start the zygote unless it runs; give its pid. Raises LaunchFailed."""
        if self._process is None:
            if time.monotonic() - self._failed_at < _REST_SECONDS:
                raise LaunchFailed("the zygote does not start; see the log of the supervisor")
            self._spawn()
        return self.pid

    def fork(self, request: Fork, descriptors: Sequence[int]) -> None:
        """Have a host forked; the descriptors are closed here once they were handed over."""
        self._send(request, tuple(descriptors))

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to a host."""
        if self._channel is not None:
            self._send(Signal(pid, number), ())

    def kill(self) -> None:
        """End a zygote that hangs; what follows is told as if it had ended by itself."""
        if self._process is not None:
            voice.say("error", "the zygote does not answer; it is killed", pid=self.pid)
            self._process.kill()

    def close(self) -> None:
        """End the zygote, and with it all hosts."""
        self._let_go()

    def _spawn(self) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [str(self._path), str(its.fileno()), str(os.getpid())]
        with its:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the interpreter that runs us, and our own text
                    [sys.executable, "-I", "-S", "-u", "-c", BOOT, *words],
                    env=ENVIRONMENT,
                    pass_fds=(its.fileno(),),
                    stdin=subprocess.DEVNULL,
                    cwd="/",
                )
            except OSError as error:
                ours.close()
                raise LaunchFailed(f"the zygote can't be started: {error}") from error
        ours.settimeout(0)
        self._channel = ours
        self._awake = False
        self._loop.on_readable(ours, self._hear)
        voice.say("info", "the zygote was started", pid=self.pid)

    def _send(self, request: ToZygote, descriptors: tuple[int, ...]) -> None:
        self._out.append((msgspec.msgpack.encode(request), descriptors))
        self._flush()

    def _flush(self) -> None:
        while self._out and self._channel is not None:
            data, descriptors = self._out[0]
            beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
            try:
                self._channel.sendmsg([data], beside if descriptors else [])
            except BlockingIOError:
                self._loop.later(_SOON, self._flush)
                return
            except OSError:
                return  # it is gone, which the loop tells next
            self._out.popleft()
            _close_all(descriptors)

    def _hear(self) -> None:
        try:
            data = self._channel.recv(_MOST_BYTES) if self._channel else b""
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._tell(self._reports.decode(data))
        else:
            self._gone()

    def _tell(self, report: FromZygote) -> None:
        match report:
            case Awake():
                self._awake = True
            case Born():
                self.heard.born(report.generation, report.pid)
            case NotBorn():
                self.heard.not_born(report.generation, report.reason)
            case Ended():
                self.heard.ended(report.pid, report.code)

    def _gone(self) -> None:
        code = self._let_go()
        if not self._awake:
            self._failed_at = time.monotonic()
        voice.say("error", "the zygote ended", code=code)
        self.heard.all_ended("the zygote has ended, and its hosts with it")

    def _let_go(self) -> int | None:
        """Close the channel, which ends the zygote, and wait for that; give its exit code."""
        channel, self._channel = self._channel, None
        process, self._process = self._process, None
        for _data, descriptors in self._out:
            _close_all(descriptors)
        self._out.clear()
        if channel is None or process is None:
            return None
        self._loop.forget(channel)
        channel.close()
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_END_SECONDS)
        process.kill()
        return process.wait()


def _close_all(descriptors: Sequence[int]) -> None:
    for each in descriptors:
        os.close(each)
