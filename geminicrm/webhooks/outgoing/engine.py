"""The delivery engine: takes due deliveries, has them sent, writes down what became of them.

One per worker process, beside the job engine; any number of them share the rows. A thread for the
rows, another one for the loop that sends: a receiver never waits for the database, nor the database
for a receiver.
"""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.owners import is_dead
from geminicrm.kernel.work import Work, Works
from geminicrm.webhooks.outgoing import candidates, claims
from geminicrm.webhooks.outgoing.attempting import Attempts
from geminicrm.webhooks.outgoing.candidates import Candidate, Hands
from geminicrm.webhooks.outgoing.claims import Errand
from geminicrm.webhooks.outgoing.opening import Doors
from geminicrm.webhooks.outgoing.outcomes import Outcome
from geminicrm.webhooks.outgoing.posting import Poster
from geminicrm.webhooks.outgoing.sending import Sending
from geminicrm.webhooks.outgoing.settling import settle
from geminicrm.webhooks.outgoing.windows import Windows

PLACES: Final = 512
"""So many deliveries at most are in hand at once."""
DRAIN_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.5
_REST_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 1.0
_RENEW_SECONDS: Final = 10.0
_GATHER_SECONDS: Final = 0.002
_SHORTEST_WAIT: Final = 0.005
_METRIC: Final = "webhook"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the engine needs of its process; `owner` names the process in leases."""

    works: Works
    generations: Generations
    metrics: Metrics
    owner: str
    poster: Poster
    doors: Doors
    version: str
    places: int = PLACES
    poll_seconds: float = _POLL_SECONDS


class DeliveryEngine:
    """Sends from `start` to `stop`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._works = parts.works
        self._owner = parts.owner
        self._doors = parts.doors
        attempts = Attempts(parts.poster, parts.works.clock, parts.version)
        self._sending = Sending(parts.poster, attempts, self._note)
        self._windows = Windows()
        self._lock = threading.Lock()
        self._ended: list[Outcome] = []
        self._hand: dict[str, str] = {}  # the endpoint of each delivery in hand
        self._last = ""
        self._wait: float | None = None
        self._looked = self._renewed = time.monotonic() - _LOOK_SECONDS
        self._signal = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook rows", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def nudge(self) -> None:
        """Have it look at the rows now."""
        self._signal.set()

    def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Begin nothing more, let what runs end within `seconds`; the rest is due again at once."""
        self._stop.set()
        self._signal.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._sending.stop(seconds)
        try:
            self._let_go()
        except (SQLAlchemyError, AppError) as error:
            # Another worker takes it over once the lease is out, or this process is gone.
            _log.warning("deliveries in hand are not written down", error=str(error))

    @property
    def idle(self) -> bool:
        """Whether nothing is in hand, and nothing left to be written down."""
        return not self._hand

    def finish(self) -> None:
        """Wait, beside its own threads, until nothing is due and nothing in hand."""
        while not self.idle or self._due():
            self._stop.wait(_SHORTEST_WAIT)

    def drain(self) -> None:
        """Go on in the caller's thread until nothing is due and nothing in hand."""
        while self.turn() or not self.idle:
            self._signal.wait(_SHORTEST_WAIT)
            self._signal.clear()

    def turn(self) -> bool:
        """Write down what has ended, take what is due; tell whether there was anything.

        Raises SQLAlchemyError where the database is away: what has ended is kept for the next turn.
        """
        self._look_after()
        with self._lock:
            ended = tuple(self._ended)
        found = self._due()
        hands = self._hands(ended)
        takes = candidates.could_take(found, hands, self._works.clock.now())
        self._wait = candidates.seconds_until_any(found, self._works.clock.now())
        if not ended and not takes:
            return False
        errands: list[Errand] = []
        try:
            with self._works.across_workspaces("webhooks: settle and claim", write=True) as work:
                counted = self._settle(work, ended)
                passed = claims.pass_over(work, found)
                errands = self._take(work, found, hands) if takes else []
                self._hand.update({one.id: one.endpoint_id for one in errands})
        except BaseException:
            for one in errands:
                del self._hand[one.id]  # nothing was leased after all
            raise
        self._forget(ended)
        for how, count in counted.items():
            self._parts.metrics.job_handled(_METRIC, how, count)
        if errands:
            self._sending.take([(one, self._doors.of(one)) for one in errands])
        return bool(ended or errands or passed)

    # In the thread of the rows

    def _run(self) -> None:
        while not self._stop.is_set():
            self._signal.clear()
            try:
                found = self.turn()
            except (SQLAlchemyError, AppError, OSError) as error:
                _log.warning("deliveries wait: database or disk fail them", error=str(error))
                self._stop.wait(_REST_SECONDS)
                continue
            except Exception:  # noqa: BLE001 - border of the thread, see below
                # Without this no delivery would ever leave this process again.
                _log.exception("deliveries wait: the engine failed")
                self._stop.wait(_REST_SECONDS)
                continue
            if not found:
                self._signal.wait(self._pause())
            # Some that end together are written down together.
            self._stop.wait(_GATHER_SECONDS)

    def _pause(self) -> float:
        poll = self._parts.poll_seconds
        return poll if self._wait is None else min(max(self._wait, _SHORTEST_WAIT), poll)

    def _due(self) -> Sequence[Candidate]:
        with self._works.across_workspaces("webhooks: look for due ones") as work:
            return candidates.due(work)

    def _hands(self, ended: Sequence[Outcome]) -> Hands:
        over = {one.errand.id for one in ended}
        held = Counter(endpoint for one, endpoint in self._hand.items() if one not in over)
        free = self._parts.places - held.total()
        return Hands(self._owner, held, free, self._windows.of, self._last, self._windows.quick)

    def _take(self, work: Work, found: Sequence[Candidate], hands: Hands) -> list[Errand]:
        given = candidates.rooms(work, found, hands)
        errands = claims.take(work, self._owner, given, frozenset(self._hand))
        if errands:
            self._doors.read(work, errands)
            self._last = f"{errands[-1].workspace_id}/{errands[-1].endpoint_id}"
        return errands

    def _settle(self, work: Work, ended: Sequence[Outcome]) -> dict[str, int]:
        if not ended:
            return {}
        return settle(work, self._parts.generations, self._owner, ended)

    def _forget(self, ended: Sequence[Outcome]) -> None:
        with self._lock:
            del self._ended[: len(ended)]
        for one in ended:
            self._hand.pop(one.errand.id, None)
            self._windows.note(
                one.errand.endpoint_id, well=not one.error, milliseconds=one.milliseconds
            )

    def _look_after(self) -> None:
        """Keep leases, take over what dead workers hold; all now and then."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        self._free_the_dead()
        if self._hand and now - self._renewed >= _RENEW_SECONDS:
            with self._works.across_workspaces("webhooks: keep leases", write=True) as work:
                claims.renew(work, self._owner, list(self._hand))
            self._renewed = now

    def _free_the_dead(self) -> None:
        with self._works.across_workspaces("webhooks: look for dead workers") as work:
            others = [one for one in claims.owners(work) if one != self._owner]
        for dead in filter(is_dead, others):
            with self._works.across_workspaces("webhooks: free what it held", write=True) as work:
                count = claims.free(work, dead)
            _log.warning("took over what a killed worker sent", worker=dead, deliveries=count)

    def _let_go(self) -> None:
        with self._lock:
            ended, self._ended = tuple(self._ended), []
        with self._works.across_workspaces("webhooks: settle the last", write=True) as work:
            self._settle(work, ended)
            claims.free(work, self._owner)

    # In the loop that sends

    def _note(self, outcome: Outcome) -> None:
        with self._lock:
            self._ended.append(outcome)
        self._signal.set()
