"""The supervisor's process: takes the lock, opens the door, and ends in order."""

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from geminicrm.runtime.host.control import Leave
from geminicrm.runtime.supervisor import sockets, voice
from geminicrm.runtime.supervisor.doorman import Doorman
from geminicrm.runtime.supervisor.fleet import Fleet
from geminicrm.runtime.supervisor.frames import framed
from geminicrm.runtime.supervisor.host_logs import HostLogs
from geminicrm.runtime.supervisor.launching import LaunchFailed
from geminicrm.runtime.supervisor.lock_file import LockFile
from geminicrm.runtime.supervisor.loop import Loop
from geminicrm.runtime.supervisor.places import Places
from geminicrm.runtime.supervisor.questions import Questions
from geminicrm.runtime.supervisor.starting import Starting
from geminicrm.runtime.supervisor.watching import EVERY, Most, look_after
from geminicrm.runtime.supervisor.zygotes import Zygotes

LIFELINE: Final = "GEMINICRM_LIFELINE"
IDLE_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 8.0
_FIRST_SECONDS: Final = 30.0
_UNUSED_SECONDS: Final = 0.5
_STEP_SECONDS: Final = 0.05
_TRIES: Final = 10


class Process:
    """One supervisor. `until_unused` makes it end when nobody holds it any more."""

    def __init__(self, home: Path, *, until_unused: bool, idle_seconds: float) -> None:
        self._home = home
        self._until_unused = until_unused
        self._loop = Loop()
        self._stopping = False
        self._used_at = time.monotonic() + _FIRST_SECONDS
        logs = HostLogs(home / "logs" / "extensions")
        self._places = Places(home, idle_seconds)
        self._zygotes = Zygotes(self._loop, self._places.path)
        folder = sockets.hosts_folder(home)
        starting = Starting(self._loop, self._zygotes, self._places, folder, logs)
        self._fleet = Fleet(starting, logs, self._loop.later, idle_seconds)
        self._zygotes.heard = self._fleet
        starting.reported = self._fleet.reported
        starting.misbehaved = self._fleet.kill_for
        self._questions = Questions(
            self._fleet, lambda: self._zygotes.pid, self._wake, self._give_way
        )
        self._doorman: Doorman | None = None

    def run(self, lifeline: int | None) -> int:
        """Supervise until told to stop, by a signal or by the end of the lifeline."""
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)  # only the wake-up counts
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self._stop_on(woken)
        if lifeline is not None:
            self._stop_on(lifeline)
        lock = LockFile(sockets.run_folder(self._home))
        try:
            if self._taken(lock):
                self._serve()
            return 0
        finally:
            self._zygotes.close()
            self._loop.close()
            signal.set_wakeup_fd(-1)
            os.close(woken)
            os.close(waker)
            lock.close()

    def _stop_on(self, descriptor: int) -> None:
        def stop() -> None:
            self._loop.forget(descriptor)
            self._stop()

        self._loop.on_readable(descriptor, stop)

    # Before there is a lock

    def _taken(self, lock: LockFile) -> bool:
        """Take the lock. One that a client started leaves it to others; a server's waits for it."""
        for _try in range(_TRIES):
            if lock.take():
                return True
            self._loop.step(_STEP_SECONDS)
        if self._until_unused:
            return False
        voice.say("warning", "another supervisor serves this home; waiting for it to end")
        while not self._stopping:
            if lock.take():
                return True
            _ask_to_leave(self._home)
            self._loop.step(_STEP_SECONDS)
        return False

    # With the lock

    def _serve(self) -> None:
        _allow_files()
        sockets.prepare(self._home)
        self._places.prepare()
        listener = sockets.listen(sockets.run_folder(self._home), sockets.NAME)
        self._doorman = Doorman(self._loop, listener, self._questions.answer)
        self._every(EVERY, self._look)
        if self._until_unused:
            self._every(EVERY, self._leave_if_unused)
        voice.say("info", "the supervisor is there", pid=os.getpid(), home=self._home)
        self._loop.run()
        voice.say("info", "the supervisor has ended", pid=os.getpid())

    def _every(self, seconds: float, run: Callable[[], None]) -> None:
        def again() -> None:
            run()
            self._loop.later(seconds, again)

        self._loop.later(seconds, again)

    def _look(self) -> None:
        hosts = list(self._fleet.hosts.values())
        look_after(hosts, self._fleet.kill_for, Most())
        self._questions.sweep()

    def _wake(self) -> None:
        with suppress(LaunchFailed):
            self._zygotes.start()

    def _give_way(self) -> None:
        if self._until_unused:
            self._loop.later(_STEP_SECONDS, self._stop)

    def _leave_if_unused(self) -> None:
        now = time.monotonic()
        if self._doorman is not None and self._doorman.visitors:
            self._used_at = now
        elif now - self._used_at >= _UNUSED_SECONDS:
            self._stop()

    # The end

    def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        if self._doorman is None:
            return
        self._doorman.close()
        sockets.remove(sockets.run_folder(self._home), sockets.NAME)
        for host in tuple(self._fleet.hosts.values()):
            self._fleet.drain(host, _STOP_SECONDS, "the supervisor stops")
        self._loop.later(_STOP_SECONDS + EVERY, self._loop.stop)
        self._every(_STEP_SECONDS, self._stop_if_empty)
        self._stop_if_empty()

    def _stop_if_empty(self) -> None:
        if not self._fleet.hosts:
            self._loop.stop()


def _allow_files() -> None:
    """Lift our own limit of open files: each host takes two. Hosts have limits of their own."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _ask_to_leave(home: Path) -> None:
    with suppress(OSError), sockets.connect(sockets.run_folder(home), sockets.NAME, 1.0) as line:
        line.sendall(framed(Leave()))
        line.recv(1)


def lifeline_of(environ: os._Environ[str]) -> int | None:
    """Take the descriptor out of the environment whose end is the end of our parent."""
    number = environ.pop(LIFELINE, None)
    return None if number is None else int(number)
