"""Watching: what the processes count is put together, judged, and acted on."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import func, select

from geminicrm.kernel.clock import parse_instant
from geminicrm.kernel.generation import RUNTIME, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.history.models import WatchCount
from geminicrm.runtime.models import Installation
from geminicrm.runtime.watching.counter import Counter, Watched
from geminicrm.runtime.watching.judging import Count, verdict

WRITE_SECONDS = 1.0
HURRY_SECONDS = 0.1
"""So soon a failure is written down: a version that fails goes within a second."""
_log = structlog.get_logger(__name__)


Run = Callable[[str, Callable[[], object]], object]
"""Runs an errand soon, unless one of this name is under way."""


class ComeBack(Protocol):
    """Returns from a watched version to the one before."""

    def __call__(self, workspace_id: str, extension_id: str, digest: str, reason: str, /) -> bool:
        """Do it; False where that version is watched no more."""
        ...


@dataclass(slots=True)
class _Book:
    """A counter, and what of it was written down when."""

    counter: Counter
    written: Count
    at: float


class Watching:
    """The watched versions of one process. Costs nothing where none is watched.

    `worker_id` names the process in the counts; `come_back` acts, in a thread that `run` gives it.
    """

    def __init__(
        self,
        works: Works,
        generations: Generations,
        worker_id: str,
        come_back: ComeBack,
        run: Run,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._works = works
        self._generations = generations
        self._worker_id = worker_id
        self._come_back = come_back
        self._monotonic = monotonic
        self._run = run
        self._books: dict[tuple[str, str], _Book] = {}

    def counter(self, row: Installation) -> Counter | None:
        """Give what counts the calls into the version of a row, if that is watched."""
        if not row.watch:
            return None
        key = row.id, row.digest
        book = self._books.get(key)
        if book is None:
            watched = Watched(
                installation_id=row.id,
                workspace_id=row.workspace_id,
                extension_id=row.extension_id,
                digest=row.digest,
                before=row.watch["digest"],
                until=parse_instant(row.watch["until"]),
            )
            book = _Book(Counter(watched), Count(), self._monotonic())
            self._books[key] = book
        return book.counter

    def swapped(
        self, watched: Mapping[tuple[str, str], Counter], failed: Mapping[str, str]
    ) -> None:
        """Forget what is watched no more; `failed` says what could not be loaded, and why."""
        self._books = {key: book for key, book in self._books.items() if key in watched}
        for (installation_id, _), counter in watched.items():
            if installation_id in failed:
                counter.broken(failed[installation_id])

    def look(self) -> None:
        """Write down and judge what is due; called often, outside of any unit of work."""
        for book in tuple(self._books.values()):
            if self._is_due(book):
                self._settle(book)

    def _is_due(self, book: _Book) -> bool:
        since = self._monotonic() - book.at
        if since < HURRY_SECONDS:
            return False
        seen, _ = book.counter.seen()
        if book.counter.trouble is not None or seen.failures > book.written.failures:
            return True
        over = self._works.clock.now() >= book.counter.watched.until
        return since >= WRITE_SECONDS and (over or seen != book.written)

    def _settle(self, book: _Book) -> None:
        counter, watched = book.counter, book.counter.watched
        seen, last = counter.seen()
        with self._works.across_workspaces("watch: count and judge", write=True) as work:
            row = work.session.get(Installation, watched.installation_id, with_for_update=True)
            if row is None or row.digest != watched.digest or not row.watch:
                return  # the table is about to be swapped
            self._write(work, watched, seen, last)
            work.session.flush()
            total = _sum(work, watched.installation_id, watched.digest)
            before = _sum(work, watched.installation_id, watched.before)
            reason = verdict(total, before, counter.trouble)
            if reason is None and work.now >= watched.until:
                self._end(work, row, total)
        book.written, book.at = seen, self._monotonic()
        if reason is not None:
            told = f"{reason} Last: {last}" if last and last not in reason else reason
            self._run(f"return {watched.installation_id}", lambda: self._go(watched, told))

    def _write(self, work: Work, watched: Watched, seen: Count, last: str | None) -> None:
        query = select(WatchCount).where(
            WatchCount.installation_id == watched.installation_id,
            WatchCount.digest == watched.digest,
            WatchCount.worker_id == self._worker_id,
        )
        count = work.session.scalar(query)
        if count is None:
            count = WatchCount(
                id=new_id("wat"),
                workspace_id=watched.workspace_id,
                installation_id=watched.installation_id,
                digest=watched.digest,
                worker_id=self._worker_id,
            )
            work.session.add(count)
        count.calls, count.failures, count.last_failure = seen.calls, seen.failures, last
        count.updated_at = work.now

    def _end(self, work: Work, row: Installation, total: Count) -> None:
        row.watch = None
        facts = {"version": row.version, "calls": total.calls, "failures": total.failures}
        work.audit("extension.watch_ended", row.extension_id, facts, row.workspace_id)
        self._generations.bump(work, RUNTIME)

    def _go(self, watched: Watched, reason: str) -> None:
        self._come_back(watched.workspace_id, watched.extension_id, watched.digest, reason)


def _sum(work: Work, installation_id: str, digest: str) -> Count:
    columns = func.sum(WatchCount.calls), func.sum(WatchCount.failures)
    query = select(*columns).where(
        WatchCount.installation_id == installation_id, WatchCount.digest == digest
    )
    calls, failures = work.session.execute(query).one()
    return Count(int(calls or 0), int(failures or 0))
