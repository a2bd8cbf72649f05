"""What the core asks of the machine's supervisor, and what its answers mean for a call."""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from geminicrm.runtime.failures import HostUnavailable, RemoteFailure
from geminicrm.runtime.host.control import (
    Ensure,
    Forgive,
    Given,
    HostSpec,
    Lines,
    Look,
    NotRunning,
    Question,
    Retire,
    Running,
    States,
)
from geminicrm.runtime.hosting.locked import lacking
from geminicrm.runtime.hosting.supervisor_client import SupervisorAway

START_SECONDS = 15.0
"""What the start of a host may take; the supervisor itself gives up before."""
TELL_SECONDS = 2.0
RETIRE_SECONDS = 1.0
_AGAIN_SECONDS = 1.0


class Supervisor(Protocol):
    """The way to the supervisor of this machine."""

    def ask(self, question: Question, deadline: float) -> Given:
        """Ask; `deadline` is one of `time.monotonic()`. Raises SupervisorAway."""
        ...

    def connect_host(self, name: str, timeout: float | None = None) -> socket.socket:
        """Connect to the socket of a host that `Running` names. Raises OSError."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class NoSupervisor:
    """Stands where no supervisor is meant to be: no host can be started."""

    def ask(self, question: Question, deadline: float) -> Given:  # noqa: ARG002 - it takes no time
        """Raise SupervisorAway."""
        raise SupervisorAway(f"there is no supervisor for {type(question).__name__}")

    def connect_host(self, name: str, timeout: float | None = None) -> socket.socket:  # noqa: ARG002 - as above
        """Raise ConnectionRefusedError."""
        raise ConnectionRefusedError(f"there is no host at {name}")

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashLoop:
    """An installation whose host crashes again and again; `lines` are the last of its log."""

    installation_id: str
    digest: str
    reason: str
    lines: Lines


class Hosts:
    """Gets hosts from the supervisor, and rid of them.

    `crashed` hears of crash loops, `started` of each host that runs and is as locked as it has to
    be.

    `supervisor` may have to be started for a host; `present` is the same one, spoken to only where
    it runs.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        present: Supervisor,
        crashed: Callable[[CrashLoop], object],
        started: Callable[[HostSpec, Running], object],
    ) -> None:
        self._supervisor = supervisor
        self._present = present
        self._crashed = crashed
        self._started = started

    def ensure(self, spec: HostSpec, *, draft: bool) -> Running | NotRunning:
        """Give a host that runs and is as locked as it has to be, or why there is none.

        Raises HostUnavailable where there is no supervisor.
        """
        try:
            given = self._supervisor.ask(Ensure(spec, draft), time.monotonic() + START_SECONDS)
        except SupervisorAway as error:
            raise HostUnavailable(spec.extension_id, f"{error}.") from error
        if isinstance(given, Running):
            return self._checked(spec, given)
        if isinstance(given, NotRunning):
            return given
        name = type(given).__name__
        raise HostUnavailable(spec.extension_id, f"the supervisor answered with {name}.")

    def running(self, spec: HostSpec, *, draft: bool) -> Running:
        """Give a host that runs. Raises RemoteFailure, HostUnavailable."""
        given = self.ensure(spec, draft=draft)
        if isinstance(given, Running):
            return given
        if given.code == "crash_loop":
            self._crashed(
                CrashLoop(
                    installation_id=spec.installation_id,
                    digest=spec.digest,
                    reason=given.reason,
                    lines=given.lines,
                )
            )
        raise failure_of(spec, given)

    def connect(self, running: Running, seconds: float) -> socket.socket:
        """Connect to a host. Raises OSError where it has gone away."""
        return self._supervisor.connect_host(running.socket, seconds)

    def retire(self, generation: int, reason: str) -> None:
        """End a host soon; where nobody hears it, there is none."""
        self.tell(Retire(generation, RETIRE_SECONDS, reason))

    def retire_all(self, installation_id: str, digest: str, reason: str) -> None:
        """End the hosts that an installation has for a version; where nobody hears it, none is."""
        with contextlib.suppress(SupervisorAway):
            given = self._present.ask(Look(), time.monotonic() + TELL_SECONDS)
            for host in given.hosts if isinstance(given, States) else ():
                if (host.installation_id, host.digest) == (installation_id, digest):
                    self.retire(host.generation, reason)

    def forgive(self, installation_id: str) -> None:
        """Forget its crashes; where nobody hears it, nobody remembers them."""
        self.tell(Forgive(installation_id))

    def tell(self, question: Question) -> None:
        """Say something, whether anybody hears it or not."""
        with contextlib.suppress(SupervisorAway):
            self._present.ask(question, time.monotonic() + TELL_SECONDS)

    def _checked(self, spec: HostSpec, running: Running) -> Running | NotRunning:
        """Look again, whatever the supervisor thinks: nothing is sent to an unlocked process."""
        lacks = lacking(running.level) if spec.locked else ()
        if not lacks:
            self._started(spec, running)
            return running
        self.retire(running.generation, "its locks do not hold")
        return NotRunning("locks_failed", f"these locks do not hold: {', '.join(lacks)}")


def failure_of(spec: HostSpec, given: NotRunning) -> HostUnavailable | RemoteFailure:
    """Give the error of a call for which there is no host."""
    if given.code == "busy":
        after = given.retry_after or _AGAIN_SECONDS
        return HostUnavailable(spec.extension_id, f"{given.reason}.", after)
    if given.code == "crashed" and given.retry_after > 0:
        # The pause after a crash is no further failure: calls would be left out for failing before
        # its host has crashed often enough to be switched off.
        detail = f"its process ended ({given.reason}) and is started again in a moment."
        return HostUnavailable(spec.extension_id, detail, given.retry_after, crashed=True)
    return RemoteFailure(given.where if given.code == "load_failed" else "", _in_words(given))


def _in_words(given: NotRunning) -> str:
    match given.code:
        case "load_failed":
            return f"{given.reason} (in {given.doing})"
        case "locks_failed":
            return f"its process can't be locked up: {given.reason}"
        case "timeout":
            return f"its process did not start: {given.reason}"
        case "crash_loop":
            return f"its process ended again and again ({given.reason})"
        case _:
            return f"its process ended ({given.reason})"
