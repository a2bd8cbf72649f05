"""The core's line to the supervisor of the machine; it starts one where there is none."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, Final

import geminicrm
from geminicrm.runtime.host.control import Given, Question
from geminicrm.runtime.supervisor import sockets
from geminicrm.runtime.supervisor.frames import FrameBroken, OneMessage, framed

_START_SECONDS: Final = 5.0
_STEP_SECONDS: Final = 0.01
_CONNECT_SECONDS: Final = 2.0
_PIECE: Final = 64 * 1024
_MOST_LOG: Final = 1024 * 1024


class SupervisorAway(Exception):
    """There is no supervisor that answers; the text says why."""


class SupervisorClient:
    """Asks the supervisor of a home.

    Where nobody listens, it waits `patience` seconds for one that somebody else starts (a server's
    own comes back after a crash), and then starts one, unless `starts` is False. That one lives
    while any client that may start one is open. `idle_seconds` is how long its hosts stay without
    work.
    """

    def __init__(
        self,
        home: Path,
        *,
        starts: bool = True,
        patience: float = 0.0,
        idle_seconds: float | None = None,
    ) -> None:
        self._home = home
        self._starts = starts
        self._patience = patience
        self._idle_seconds = idle_seconds
        self._folder = sockets.run_folder(home)
        self._lock = threading.Lock()
        self._held: socket.socket | None = None

    def ask(self, question: Question, deadline: float) -> Given:
        """Give the answer to a question; `deadline` is one of `time.monotonic()`.

        Every question may be asked twice, so it is asked again where a supervisor dies over it.
        Raises SupervisorAway.
        """
        given = self._asked(question, deadline)
        if given is None:
            given = self._asked(question, deadline)
        if given is None:
            raise SupervisorAway("the supervisor ended over a question, twice")
        return given

    def connect_host(self, name: str, timeout: float | None = None) -> socket.socket:
        """Connect to the host with this socket; raises OSError where it does not listen."""
        return sockets.connect(sockets.hosts_folder(self._home), name, timeout)

    def close(self) -> None:
        """Let go of the supervisor, which ends if nobody else holds it and no server owns it."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            held.close()

    def _asked(self, question: Question, deadline: float) -> Given | None:
        with self._connection(deadline) as connection:
            answer: OneMessage[Given] = OneMessage(Given)
            try:
                connection.sendall(framed(question))
                return _read(connection, answer, deadline)
            except TimeoutError:
                raise SupervisorAway("the supervisor did not answer in time") from None
            except FrameBroken as error:
                raise SupervisorAway(f"the supervisor answers nonsense: {error}") from error
            except OSError:
                return None

    def _connection(self, deadline: float) -> socket.socket:
        """Connect; one that may start a supervisor holds it too, as long as it lives itself."""
        try:
            connection = self._connect()
        except OSError:
            with self._lock:  # the other threads wait for the one that starts it
                connection = self._connect_somehow(deadline)
        if self._starts:
            with self._lock:
                self._hold()
        return connection

    def _connect(self) -> socket.socket:
        return sockets.connect(self._folder, sockets.NAME, _CONNECT_SECONDS)

    def _connect_somehow(self, deadline: float) -> socket.socket:
        found = self._wait_for_one(min(deadline, time.monotonic() + self._patience))
        if found is None and self._starts:
            self._start()
            found = self._wait_for_one(min(deadline, time.monotonic() + _START_SECONDS))
        if found is None:
            raise SupervisorAway(f"no supervisor of extension hosts answers in {self._folder}")
        return found

    def _wait_for_one(self, limit: float) -> socket.socket | None:
        while True:
            try:
                return self._connect()
            except OSError:
                if time.monotonic() >= limit:
                    return None
            time.sleep(_STEP_SECONDS)  # no event tells that a socket file has appeared

    def _start(self) -> None:
        # Our own code, not what lies in the folder that somebody happens to be in.
        words = [sys.executable, "-P", "-m", "geminicrm.runtime.supervisor", str(self._home)]
        if self._idle_seconds is not None:
            words.append(f"--idle-seconds={self._idle_seconds:g}")
        with _log_file(self._home) as log:
            process = subprocess.Popen(  # noqa: S603 - our own module, run by the interpreter that runs us
                [*words, "--until-unused"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": _import_path()},
                start_new_session=True,  # others may need it when this process has ended
            )
        threading.Thread(target=process.wait, name="supervisor's end", daemon=True).start()

    def _hold(self) -> None:
        if self._held is not None and not _has_ended(self._held):
            return
        if self._held is not None:
            self._held.close()
        try:
            self._held = self._connect()
        except OSError:
            self._held = None


def _read(connection: socket.socket, answer: OneMessage[Given], deadline: float) -> Given | None:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        data = connection.recv(_PIECE)
        given = answer.feed(data) if data else None
        if given is not None or not data:
            return given


def _has_ended(held: socket.socket) -> bool:
    """Tell whether the other side is gone: it never writes on this connection."""
    poll = select.poll()
    poll.register(held, select.POLLIN)
    return bool(poll.poll(0))


def _import_path() -> str:
    """Give where this code was imported from, before whatever else was said."""
    root = str(Path(geminicrm.__file__).resolve().parents[1])
    return os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))


def _log_file(home: Path) -> BinaryIO:
    """Open the log of a supervisor that has no terminal; an old one that is long starts anew."""
    path = home / "logs" / "supervisor.log"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.fstat(descriptor).st_size > _MOST_LOG:
        os.ftruncate(descriptor, 0)
    return os.fdopen(descriptor, "wb")
