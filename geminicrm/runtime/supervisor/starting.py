"""Starting hosts for real: a socket file, a status socket and a log pipe for each of them."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geminicrm.runtime.host.control import Fork, Report
from geminicrm.runtime.supervisor import sockets
from geminicrm.runtime.supervisor.frames import FrameBroken, Messages
from geminicrm.runtime.supervisor.host_logs import HostLogs
from geminicrm.runtime.supervisor.hosts import Host
from geminicrm.runtime.supervisor.launching import LaunchFailed
from geminicrm.runtime.supervisor.loop import Loop
from geminicrm.runtime.supervisor.output import Output
from geminicrm.runtime.supervisor.places import Places
from geminicrm.runtime.supervisor.zygotes import Zygotes

_MOST_REPORT: Final = 256 * 1024
_PIECE: Final = 64 * 1024
_REPORTS: Final = 2
"""Locked and Ready."""

Reported = Callable[[Host, Report | None], None]


@dataclass(eq=False, kw_only=True)
class _Ends:
    """Our ends of what a host was given."""

    status: socket.socket
    reports: Messages[Report]
    output: Output
    uid: int | None


class Starting:
    """Does what the fleet asks for.

    `reported` and `misbehaved` (with the reason) are to be set before the loop runs.
    """

    reported: Reported
    misbehaved: Callable[[Host, str], None]

    def __init__(
        self, loop: Loop, zygotes: Zygotes, places: Places, folder: Path, logs: HostLogs
    ) -> None:
        self._loop = loop
        self._zygotes = zygotes
        self._places = places
        self._folder = folder
        self._logs = logs
        self._ends: dict[int, _Ends] = {}

    def launch(self, host: Host) -> None:
        """Start a host. Raises LaunchFailed."""
        parent = self._zygotes.start()
        taken = {ends.uid for ends in self._ends.values() if ends.uid is not None}
        place = self._places.place_for(host.spec, host.generation, parent, taken)
        try:
            theirs = self._open(host, place.uid)
        except OSError as error:
            raise LaunchFailed(f"the sockets of a host can't be made: {error}") from error
        self._zygotes.fork(Fork(host.spec, place), theirs)

    def signal(self, host: Host, number: int) -> None:
        """Send a signal to a host that was born."""
        self._zygotes.signal(host.pid or 0, number)

    def unlist(self, host: Host) -> None:
        """Take its socket file away, so that nobody new finds it."""
        sockets.remove(self._folder, host.socket)

    def listen(self, host: Host) -> None:
        """Hear now what a host has said of itself."""
        ends = self._ends.get(host.generation)
        if ends is not None:
            self._hear(host, ends)

    def read(self, host: Host) -> None:
        """Put into the log what a host has printed by now."""
        ends = self._ends.get(host.generation)
        if ends is not None:
            ends.output.take()

    def start_over(self) -> None:
        """End a zygote that does not do what it is told."""
        self._zygotes.kill()

    def settle(self, host: Host) -> None:
        """Let go of what there is of it."""
        self.unlist(host)
        ends = self._ends.pop(host.generation, None)
        if ends is not None:
            self._loop.forget(ends.status)
            ends.status.close()
            ends.output.close()

    def _open(self, host: Host, uid: int | None) -> tuple[int, int, int]:
        listener = sockets.listen(self._folder, host.socket)
        status, its_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        log, its_log = os.pipe2(os.O_CLOEXEC)
        status.settimeout(0)
        output = Output(
            self._loop, log, lambda lines: self._logs.output(host.spec.installation_id, lines)
        )
        reports: Messages[Report] = Messages(Report, _MOST_REPORT, number=_REPORTS)
        ends = _Ends(status=status, reports=reports, output=output, uid=uid)
        self._ends[host.generation] = ends
        self._loop.on_readable(status, lambda: self._hear(host, ends))
        return listener.detach(), its_status.detach(), its_log

    def _hear(self, host: Host, ends: _Ends) -> None:
        try:
            data = ends.status.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.forget(ends.status)
            self.reported(host, None)
            return
        try:
            reports = ends.reports.feed(data)
        except FrameBroken as error:
            # By now its code may run, which could keep us busy: nothing is read any more.
            self._loop.forget(ends.status)
            self.misbehaved(host, f"its report is wrong: {error}")
            return
        for report in reports:
            self.reported(host, report)
