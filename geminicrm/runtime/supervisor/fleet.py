"""All hosts of the machine: who runs, how each of them starts and ends."""

import signal
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from geminicrm.runtime.host.control import (
    HostSpec,
    Locked,
    NotReady,
    NotRunning,
    Ready,
    Report,
    Running,
)
from geminicrm.runtime.supervisor.crashes import Crashes, Hindrance
from geminicrm.runtime.supervisor.doorman import Reply
from geminicrm.runtime.supervisor.endings import in_words, is_crash
from geminicrm.runtime.supervisor.host_logs import HostLogs
from geminicrm.runtime.supervisor.hosts import Host, State
from geminicrm.runtime.supervisor.launching import LaunchFailed, Launching
from geminicrm.runtime.supervisor.locks_check import lacking
from geminicrm.runtime.supervisor.loop import Callback, Timer

START_SECONDS: Final = 10.0
DRAIN_SECONDS: Final = 10.0
MOST_HOSTS: Final = 1_000
_AGAIN_SECONDS: Final = 0.25
_MOST_REASON: Final = 2_000

Later = Callable[[float, Callback], Timer]


class Fleet:
    """The hosts by generation, and for each specification the one that is current."""

    def __init__(
        self,
        launching: Launching,
        logs: HostLogs,
        later: Later,
        idle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._launching = launching
        self._logs = logs
        self._later = later
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._current: dict[HostSpec, Host] = {}
        # Generations of a supervisor before us are never met again.
        self._generations = count(time.time_ns() // 1_000_000)
        self.hosts: dict[int, Host] = {}
        self.crashes = Crashes()

    # For those who ask

    def give(self, spec: HostSpec, reply: Reply, *, draft: bool) -> None:
        """Answer with the running host of a specification, starting it where there is none."""
        host = self._usable(spec)
        if host is None:
            hindrance = self.crashes.hindrance(spec.installation_id, spec.digest, self._clock())
            if hindrance is not None:
                reply(self._hindered(spec.installation_id, hindrance))
            else:
                self._start(spec, reply, draft=draft)
            return
        host.draft = host.draft and draft
        if host.report is None:
            host.waiting.append(reply)
        else:
            reply(host.running(host.report))

    def replace(self, host: Host, reply: Reply) -> None:
        """Start another generation beside a host, which is drained once the new one is ready."""
        self._start(host.spec, reply, draft=host.draft, replaces=True)

    def current_of(self, installation_id: str) -> list[Host]:
        """Give the hosts of an installation that may be asked for."""
        return [
            host for host in self._current.values() if host.spec.installation_id == installation_id
        ]

    def drain(self, host: Host, grace: float, reason: str) -> None:
        """Let a host finish what it does; after `grace` seconds it is killed."""
        if host.alive:
            self._note(host, "info", f"drained: {reason}")
            self._answer(host, _busy("it was stopped while it started"))
        self._leave(host)
        host.expected = True
        self._signal(host, signal.SIGTERM)
        host.settle_limit(self._later(grace, lambda: self._signal(host, signal.SIGKILL)))

    def kill_for(self, host: Host, reason: str) -> None:
        """Kill a host that has done something; that counts as a crash."""
        self._leave(host)
        host.killed_for = host.killed_for or reason
        self._signal(host, signal.SIGKILL)

    # For what is heard from the machine

    def born(self, generation: int, pid: int) -> None:
        """Take note of the pid of a host."""
        host = self.hosts.get(generation)
        if host is not None:
            host.pid = pid
            if host.signal is not None:
                self._launching.signal(host, host.signal)

    def not_born(self, generation: int, reason: str) -> None:
        """Bury a host that could not be forked."""
        host = self.hosts.get(generation)
        if host is not None:
            self._bury(host, _busy(reason))

    def reported(self, host: Host, report: Report | None) -> None:
        """Hear from a host what became of its start; None: it says no more."""
        if isinstance(report, Locked) and host.locked is None:
            self._locked(host, report)
        elif isinstance(report, Ready) and host.state is State.STARTING:
            self._ready(host, report)
        elif isinstance(report, NotReady) and host.state is State.STARTING:
            self._not_ready(host, report)
        elif report is None and host.state is State.READY:
            self._note(host, "info", "takes no more conversations")
            self._leave(host)

    def ended(self, pid: int, code: int) -> None:
        """Bury a host that is gone."""
        for host in tuple(self.hosts.values()):
            if host.pid == pid:
                self._launching.listen(host)
                self._launching.read(host)
                self._bury(host, self._conclusion(host, code))

    def all_ended(self, reason: str) -> None:
        """Bury all hosts: they are gone, through no fault of theirs.

        Whoever waited for one waits for the next.
        """
        hosts = tuple(self.hosts.values())
        waiting = [(host, reply) for host in hosts for reply in host.waiting]
        for host in hosts:
            self._note(host, "warning", f"ended: {reason}")
            host.waiting.clear()
            self._bury(host, _busy(reason))
        for host, reply in waiting:
            self.give(host.spec, reply, draft=host.draft)

    # Steps in the life of a host

    def _usable(self, spec: HostSpec) -> Host | None:
        host = self._current.get(spec)
        if host is not None:
            self._launching.listen(host)  # it may have begun to leave just now
        return self._current.get(spec)

    def _start(self, spec: HostSpec, reply: Reply, *, draft: bool, replaces: bool = False) -> None:
        if len(self.hosts) >= MOST_HOSTS:
            reply(_busy(f"{MOST_HOSTS} hosts run already"))
            return
        generation = next(self._generations)
        host = Host(generation=generation, spec=spec, draft=draft, born=self._clock())
        host.replaces = replaces
        host.waiting.append(reply)
        self.hosts[generation] = host
        if not replaces:
            self._current[spec] = host
        host.settle_limit(self._later(START_SECONDS, lambda: self._too_late(host)))
        try:
            self._launching.launch(host)
        except LaunchFailed as error:
            self._bury(host, _busy(str(error)))

    def _locked(self, host: Host, report: Locked) -> None:
        host.locked = report
        lack = lacking(host.spec, report)
        if lack:
            self._refuse(host, NotRunning("locks_failed", lack[:_MOST_REASON]))

    def _ready(self, host: Host, report: Ready) -> None:
        if host.locked is None:
            self._refuse(host, NotRunning("locks_failed", "it did not say that it is locked"))
            return
        host.state = State.READY
        host.report = report
        host.started_in = self._clock() - host.born
        host.settle_limit(None)
        before = self._current.get(host.spec)
        self._current[host.spec] = host
        if before is not None and before is not host:
            self.drain(before, DRAIN_SECONDS, f"generation {host.generation} takes over")
        self._note(host, "info", f"ready after {host.started_in * 1000:.0f} ms")
        self._answer(host, host.running(report))

    def _not_ready(self, host: Host, report: NotReady) -> None:
        self._launching.read(host)
        code = report.code if report.code == "locks_failed" else "load_failed"
        given = NotRunning(
            code,
            report.reason,
            doing=report.doing,
            where=report.where,
            lines=self._logs.last(host.spec.installation_id),
        )
        self._refuse(host, given)

    def _refuse(self, host: Host, given: NotRunning) -> None:
        self._note(host, "error", f"does not start: {given.code}: {given.reason}")
        self._answer(host, given)
        self._leave(host)
        host.expected = True
        self._signal(host, signal.SIGKILL)

    def _too_late(self, host: Host) -> None:
        reason = f"it was not ready within {START_SECONDS:g} s"
        self._answer(host, NotRunning("timeout", reason))
        self.kill_for(host, reason)
        if host.pid is None:  # it was not even forked: the fault is not its own
            self._launching.start_over()

    def _conclusion(self, host: Host, code: int) -> NotRunning:
        installation_id = host.spec.installation_id
        if not is_crash(host, code, self._clock(), self._idle_seconds):
            self._note(host, "info", f"stopped: {in_words(code)}")
            return _busy("it was stopped while it started")
        reason = host.killed_for or in_words(code)
        hindrance = self.crashes.add(
            installation_id, host.spec.digest, self._clock(), reason[:_MOST_REASON]
        )
        self._note(host, "error", f"crashed: {reason}")
        return self._hindered(installation_id, hindrance)

    def _bury(self, host: Host, given: NotRunning) -> None:
        self._leave(host)
        host.state = State.DEAD
        host.settle_limit(None)
        self.hosts.pop(host.generation, None)
        self._launching.settle(host)
        self._answer(host, given)
        if host.draft:
            self._logs.forget(host.spec.installation_id)

    def _leave(self, host: Host) -> None:
        """Take a host out of what is given to those who ask."""
        if host.alive:
            host.state = State.DRAINING
            self._launching.unlist(host)
        if self._current.get(host.spec) is host:
            del self._current[host.spec]

    def _answer(self, host: Host, given: Running | NotRunning) -> None:
        waiting, host.waiting = host.waiting, []
        for reply in waiting:
            reply(given)

    def _signal(self, host: Host, number: int) -> None:
        host.signal = number
        if host.pid is not None:
            self._launching.signal(host, number)

    def _hindered(self, installation_id: str, hindrance: Hindrance) -> NotRunning:
        return NotRunning(
            "crash_loop" if hindrance.loops else "crashed",
            hindrance.reason,
            lines=self._logs.last(installation_id),
            retry_after=hindrance.retry_after,
        )

    def _note(self, host: Host, level: str, message: str) -> None:
        self._logs.note(host.spec.installation_id, level, message, generation=host.generation)


def _busy(reason: str) -> NotRunning:
    return NotRunning("busy", reason[:_MOST_REASON], retry_after=_AGAIN_SECONDS)
