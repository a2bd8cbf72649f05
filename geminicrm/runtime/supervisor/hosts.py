"""One host as the supervisor knows it: a generation, from its start to its end."""

from dataclasses import dataclass, field
from enum import Enum

from geminicrm.runtime.host.control import HostSpec, Locked, Ready, Running
from geminicrm.runtime.supervisor.doorman import Reply
from geminicrm.runtime.supervisor.loop import Timer


class State(Enum):
    """Where a host is in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    DEAD = "dead"


@dataclass(eq=False, kw_only=True)
class Host:
    """A generation, and what is known of it.

    `expected` says that its end was asked for, `replaces` that it takes the place of the current
    one once it is ready, `signal` what was sent to it last.
    """

    generation: int
    spec: HostSpec
    draft: bool
    born: float
    state: State = State.STARTING
    pid: int | None = None
    locked: Locked | None = None
    report: Ready | None = None
    started_in: float = 0.0
    expected: bool = False
    killed_for: str = ""
    replaces: bool = False
    waiting: list[Reply] = field(default_factory=list)
    limit: Timer | None = None
    signal: int | None = None

    @property
    def socket(self) -> str:
        """The name of its file in the socket folder."""
        return f"{self.generation}.sock"

    @property
    def alive(self) -> bool:
        """Tell whether it is on its way or there."""
        return self.state in {State.STARTING, State.READY}

    @property
    def level(self) -> dict[str, str]:
        """What its locks say of themselves, as they did before its code was loaded."""
        return {} if self.locked is None else self.locked.level

    def running(self, report: Ready) -> Running:
        """Give what the core is told of it once it is ready."""
        return Running(
            generation=self.generation,
            socket=self.socket,
            pid=self.pid or 0,
            hooks=report.hooks,
            routes=report.routes,
            level=self.level,
        )

    def settle_limit(self, timer: Timer | None) -> None:
        """Put another time limit in the place of the one before."""
        if self.limit is not None:
            self.limit.cancel()
        self.limit = timer
