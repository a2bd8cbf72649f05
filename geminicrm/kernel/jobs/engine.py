"""The engine: takes due jobs, has them done in threads, writes down what became of them.

One engine per worker process; any number of them share the rows. The rows are the truth: what is
in memory here is only what has been leased.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, update

from geminicrm.kernel.jobs import claims
from geminicrm.kernel.jobs.groups import Group
from geminicrm.kernel.jobs.kinds import Claimed, Kind
from geminicrm.kernel.jobs.models import JOBS
from geminicrm.kernel.jobs.settling import Outcome, Watcher, settle
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.work import Work, Works

THREADS: Final = 8
MOST_GROUPS: Final = 2
"""So many threads at most work for one queue."""
DRAIN_SECONDS: Final = 8.0
_RENEW_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 1.0
_Found = tuple[str, Sequence[Row[Any]]]
"""A queue, and what one thread is to do of it."""


class Stuck(RuntimeError):
    """Half of the threads hang in jobs that have had their time: only a new process helps."""


@dataclass(frozen=True, kw_only=True)
class Duties:
    """What an engine does, and who hears of it.

    `woken` is called by a thread that has ended something, for the loop to go on at once.
    """

    kinds: Sequence[Kind]
    watchers: Sequence[Watcher] = ()
    threads: int = THREADS
    woken: Callable[[], object] = lambda: None


class Engine:
    """Does the jobs of some kinds. `owner` names this process in leases: nobody else has it."""

    def __init__(self, works: Works, metrics: Metrics, owner: str, duties: Duties) -> None:
        self._works = works
        self._kinds = {kind.name: kind for kind in duties.kinds}
        self._metrics = metrics
        self._owner = owner
        self._watchers = tuple(duties.watchers)
        self._threads = duties.threads
        self._woken = duties.woken
        self._lock = threading.Lock()
        self._groups: set[Group] = set()
        self._ended: list[Outcome] = []
        self._hanging = 0
        self._last = ""
        self._late = False
        # What a worker was killed over: one at a time, or it would take the others along again.
        self._suspects: set[str] = set()
        self._renewed = self._looked = time.monotonic()

    @property
    def idle(self) -> bool:
        """Whether nothing is in hand, and nothing left to be written down."""
        with self._lock:
            return not self._groups and not self._ended

    @property
    def full(self) -> bool:
        """Whether every thread is busy."""
        with self._lock:
            return len(self._groups) + self._hanging >= self._threads

    def turn(self) -> bool:
        """Write down what has ended, take what is due; tell whether there was anything.

        Raises SQLAlchemyError where the database is away (what has ended is kept for the next
        turn), Stuck where too many threads hang.
        """
        self._look_after()
        with self._lock:
            ended = tuple(self._ended)
        names = [] if self.full else [name for name, kind in self._kinds.items() if kind.ready()]
        if not ended and not (names and self._any_due()):
            return False
        taken: list[Group] = []
        try:
            with self._works.across_workspaces("jobs: settle and claim", write=True) as work:
                if ended:
                    self._settle(work, ended)
                self._take(work, names, taken)
        except BaseException:
            with self._lock:
                self._groups.difference_update(taken)  # nothing was leased after all
            raise
        self._suspects -= {one.job.id for one in ended}
        with self._lock:
            del self._ended[: len(ended)]
        for group in taken:
            self._suspects |= group.suspects
            # Daemons: a thread that hangs in a job must not keep a worker from ending.
            threading.Thread(
                target=self._do, args=(group,), name=f"jobs {group.queue}", daemon=True
            ).start()
        return bool(ended or taken)

    def drain(self) -> int:
        """Go on until nothing is due and nothing in hand; give the number of turns with work."""
        turns = 0
        while self.turn() or not self.idle:
            turns += 1
            time.sleep(0.001)  # several threads may end something: there is no one to join
        return turns

    def close(self, seconds: float = DRAIN_SECONDS) -> None:
        """Begin nothing more, let what runs end within `seconds`; the rest is left to its lease."""
        for group in self._at_work():
            group.stop()
        deadline = time.monotonic() + seconds
        while self._at_work() and time.monotonic() < deadline:
            time.sleep(0.01)  # as above
        with self._lock:
            ended, self._ended = tuple(self._ended), []
        if ended:
            with self._works.across_workspaces("jobs: settle the last", write=True) as work:
                self._settle(work, ended)

    # In the loop's thread

    def _settle(self, work: Work, ended: Sequence[Outcome]) -> None:
        settle(work, self._owner, ended)
        for watcher in self._watchers:
            watcher.settled(work, ended)
        for (kind, how), count in Counter((one.job.kind, _named(one)) for one in ended).items():
            self._metrics.job_handled(kind, how, count)

    def _any_due(self) -> bool:
        with self._works.across_workspaces("jobs: look for due ones") as work:
            return bool(_with_a_place(claims.due_queues(work), self._busy()))

    def _take(self, work: Work, names: Sequence[str], taken: list[Group]) -> None:
        found = self._found(work, names) if names else []
        leased = claims.lease(work, self._owner, [rows for _queue, rows in found])
        for (queue, _rows), jobs in zip(found, leased, strict=True):
            taken.append(self._group(queue, jobs))

    def _found(self, work: Work, names: Sequence[str]) -> list[_Found]:
        """Find something to do for each thread that is free."""
        busy, found = self._busy(), list[_Found]()
        room = self._threads - self._hanging - busy.total()
        queues = claims.in_turns(_with_a_place(claims.due_queues(work), busy), self._last)
        # Round by round, so that the second thread for a queue waits for the first of the others.
        for queue in (*queues, *queues):
            if len(found) < room and _with_a_place([queue], busy):
                rows = self._claim(work, queue, names, found)
                if rows:
                    found.append((queue, rows))
                    busy[queue] += 1
        return found

    def _claim(
        self, work: Work, queue: str, names: Sequence[str], found: Sequence[_Found]
    ) -> Sequence[Row[Any]]:
        groups = [group for group in self._at_work() if group.queue == queue]
        held = [one for group in groups for one in group.held()]
        held += [row.id for which, rows in found if which == queue for row in rows]
        killers = any(claims.killed_over(row) for _queue, rows in found for row in rows)
        claim = claims.Claim(queue, names, held, suspects=not (self._suspects or killers))
        self._late = not self._late
        late = claims.find_late(work, claim) if self._late else ()
        return late or claims.find(work, claim)

    def _busy(self) -> Counter[str]:
        with self._lock:
            return Counter(group.queue for group in self._groups)

    def _group(self, queue: str, jobs: Sequence[Claimed]) -> Group:
        group = Group(queue, jobs, self._note)
        self._last = queue
        with self._lock:
            self._groups.add(group)
        return group

    def _look_after(self) -> None:
        """Keep leases, pass on what was said of jobs, give up what hangs; all now and then."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        for group in self._at_work():
            if group.give_up_if_overdue():
                with self._lock:
                    self._groups.discard(group)
                    self._hanging += 1
        if self._hanging * 2 > self._threads:
            raise Stuck(f"{self._hanging} of {self._threads} threads hang in jobs")
        groups = self._at_work()
        if groups:
            self._keep(groups, renew=now - self._renewed >= _RENEW_SECONDS)

    def _keep(self, groups: Sequence[Group], *, renew: bool) -> None:
        ids = [one for group in groups for one in group.held()]
        said = [one for group in groups if (one := group.said()) is not None]
        begun = [(group, job) for group in groups if (job := group.begun()) is not None]
        with self._works.across_workspaces("jobs: look for cancellations") as work:
            cancelled = claims.to_be_cancelled(work, self._owner)
        for group in groups:
            group.cancel(cancelled)
        if not said and not renew and not begun:
            return
        with self._works.across_workspaces("jobs: keep leases", write=True) as work:
            for job_id, percent, note in said:
                work.session.execute(
                    update(JOBS)
                    .where(JOBS.c.id == job_id, JOBS.c.leased_by == self._owner)
                    .values(progress=percent, note=note)
                )
            for _group, job in begun:
                claims.begun(work, self._owner, job)
            if renew:
                claims.renew(work, self._owner, ids)
                self._renewed = time.monotonic()
        for group, job in begun:
            group.noted(job)

    def _at_work(self) -> list[Group]:
        with self._lock:
            return list(self._groups)

    # In the threads of the groups

    def _do(self, group: Group) -> None:
        try:
            group.run(self._kinds)
        finally:
            with self._lock:
                if group in self._groups:
                    self._groups.remove(group)
                else:
                    self._hanging -= 1  # it was given up, and came to an end after all
            self._woken()

    def _note(self, outcome: Outcome) -> None:
        with self._lock:
            self._ended.append(outcome)


def _with_a_place(queues: Sequence[str], busy: Counter[str]) -> list[str]:
    """Name the queues that another thread may work for."""
    return [queue for queue in queues if busy[queue] < MOST_GROUPS]


def _named(one: Outcome) -> str:
    """Name an outcome as the metrics do."""
    if one.how == "failed":
        return "dead" if one.over else "retry"
    return "ok" if one.how == "done" else one.how
