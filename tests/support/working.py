"""A worker's hands in a test: places events and does jobs when told to."""

from collections.abc import Sequence

from geminicrm.app import Core
from geminicrm.kernel.jobs.engine import Duties, Engine
from geminicrm.kernel.jobs.kinds import EventKind, Kind
from geminicrm.kernel.jobs.settling import Watcher
from geminicrm.kernel.outbox import Sink
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.relay import Relay


class Hands:
    """A relay and an engine on the database of a core; `close` lets go of the threads."""

    def __init__(
        self,
        core: Core,
        sinks: Sequence[Sink] = (),
        kinds: Sequence[Kind] = (),
        watchers: Sequence[Watcher] = (),
        owner: str | None = None,
        threads: int = 2,
    ) -> None:
        self.relay = Relay(core.works, sinks, core.metrics)
        every = (*(EventKind(sink) for sink in sinks), *kinds)
        duties = Duties(kinds=every, watchers=watchers, threads=threads)
        self.engine = Engine(core.works, core.metrics, owner or own_name(), duties)

    def work(self) -> None:
        """Do all that is due now, and what follows from it."""
        while self.relay.step() + self.engine.drain():
            continue

    def close(self) -> None:
        """Let go of the threads."""
        self.engine.close()
