"""A host: the process that runs the code of one installation, from the fork to its end."""

import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from geminicrm.runtime.host.control import HostSpec, Locked, NotReady, Ready, Report
from geminicrm.runtime.host.doors import HostContext
from geminicrm.runtime.host.loading import Loaded, NotLoadable, Source, load_folder
from geminicrm.runtime.host.place import Place
from geminicrm.runtime.host.raised import short
from geminicrm.runtime.host.sandbox.lock import LockFailed, Locks, lock_up
from geminicrm.runtime.host.sandbox.proof import ProofFailed, prove
from geminicrm.runtime.host.serving import Server
from geminicrm.runtime.host.wire import MOST_CONTROL_HEADER, Wire
from geminicrm.runtime.host.working import Worker

REFUSED: Final = 1
"""The exit code of a host that said NotReady."""
_CONFINING: Final = frozenset({"cgroup", "uid", "capabilities", "landlock", "seccomp"})
_REPORT_SECONDS: Final = 5.0
_STACK: Final = 2 * 1024 * 1024
_LONGEST_LINE: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Confining:
    """How a host is locked up and how that is proven; tests put others in their place."""

    lock_up: Callable[[Locks], dict[str, str]] = lock_up
    prove: Callable[[str, frozenset[str]], tuple[str, ...]] = prove


def be_host(
    spec: HostSpec,
    place: Place,
    listener: socket.socket,
    status: socket.socket,
    confining: Confining | None = None,
) -> NoReturn:
    """Be the host of `spec` from now on; the forked process ends in here."""
    code = REFUSED
    try:
        settle(spec)
        code = Host(spec, place, status, confining).run(listener)
    except BaseException:  # noqa: BLE001 - border: whatever it was is said before the end
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        os._exit(code)


def settle(spec: HostSpec) -> None:
    """Make the process one's own: its name, its standard streams, its signals."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(f"ext:{spec.extension_id}"[:15], encoding="ascii")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # The zygote's streams think that they can seek, as in its own log they could.
    sys.stdout, sys.stderr = (
        open(number, "w", encoding="utf-8", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115 - a descriptor, open to the end
        for number in (1, 2)
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server
    sys.dont_write_bytecode = True
    # Of the memory that the locks allow, a thread takes this much, used or not.
    threading.stack_size(_STACK)


class Host:
    """One host; what it has to say of its start goes over `status`."""

    def __init__(
        self,
        spec: HostSpec,
        place: Place,
        status: socket.socket,
        confining: Confining | None = None,
    ) -> None:
        self._spec = spec
        self._place = place
        self._confining = confining or Confining()
        self._folder = Path(spec.folder)
        self._status: Wire[Report] = Wire(status, Report, MOST_CONTROL_HEADER)
        self._server: Server | None = None

    def run(self, listener: socket.socket) -> int:
        """Lock up, load, report, serve; give the exit code."""
        started = self._start()
        if isinstance(started, NotReady):
            self._tell(started)
            self._status.close()
            return REFUSED
        loaded, ready = started
        self._server = server = Server(
            listener,
            generation=self._place.generation,
            idle_seconds=self._place.idle_seconds,
            work=Worker(loaded, self._folder).work,
            leaving=self._status.close,
        )
        self._heed(server)
        self._tell(ready)
        server.run()
        return 0

    def drain(self) -> None:
        """Take nothing new, finish what runs, then end; for any thread and for signal handlers."""
        if self._server is not None:
            self._server.drain()

    def _start(self) -> tuple[Loaded, Ready] | NotReady:
        # Nothing of the extension is looked at before the locks are on and proven.
        try:
            level, proofs = self._confine()
        except LockFailed as error:
            return _locks_failed(error.layer, error.reason)
        except ProofFailed as error:
            return _locks_failed("proof", str(error))
        self._tell(Locked(level, proofs))
        try:
            loaded = self._load()
        except NotLoadable as error:
            traceback.print_exception(error.__cause__ or error)
            lines = (
                short(text, _LONGEST_LINE) for text in (error.doing, error.where, error.reason)
            )
            return NotReady("load_failed", *lines)
        routes = tuple((route.rule, route.methods) for route in loaded.routes)
        return loaded, Ready(tuple(loaded.hooks), routes)

    def _confine(self) -> tuple[dict[str, str], tuple[str, ...]]:
        spec, place = self._spec, self._place
        without = frozenset(spec.without) if spec.locked else _CONFINING
        locks = Locks(
            reads=place.reads,
            parent=place.parent,
            uid=place.uid,
            uid_off=place.uid_off,
            without=without,
            landlock_abi=spec.landlock_abi,
        )
        level = self._confining.lock_up(locks)
        return level, self._confining.prove(place.canary, without) if spec.locked else ()

    def _load(self) -> Loaded:
        spec = self._spec
        with suppress(OSError):
            os.chdir(self._folder)
        if spec.requirements is not None:
            sys.path.append(spec.requirements)
        package = f"extension_{spec.digest.rpartition(':')[2]}"
        source = Source(
            extension_id=spec.extension_id,
            folder=self._folder,
            entry_point=spec.entry_point,
            package=package,
        )
        return load_folder(source, HostContext())

    def _heed(self, server: Server) -> None:
        """Drain on SIGTERM, also on one that comes between two instructions."""
        if threading.current_thread() is threading.main_thread():
            signal.set_wakeup_fd(server.fileno(), warn_on_full_buffer=False)
            signal.signal(signal.SIGTERM, lambda _number, _frame: self.drain())

    def _tell(self, report: Report) -> None:
        self._status.send(report, deadline=time.monotonic() + _REPORT_SECONDS)


def _locks_failed(layer: str, reason: str) -> NotReady:
    return NotReady("locks_failed", layer, "", short(reason, _LONGEST_LINE))
