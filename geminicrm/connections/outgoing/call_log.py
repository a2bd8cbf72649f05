"""The activity log of outside calls: noted in memory, written down in batches a moment later."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import delete, insert, select

from geminicrm.connections.models import ConnectionCall
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work, Works

KEPT_DAYS: Final = 30
MOST_WAITING: Final = 10_000
_EVERY_SECONDS: Final = 0.5
_BATCH: Final = 500
_SWEPT: Final = 5_000
_log = structlog.get_logger(__name__)

Line = Mapping[str, Any]
"""The columns of one row but its id."""


class CallLog:
    """Takes lines without a wait; a thread that begins with the first one writes them down.

    A killed process loses what it noted in the last half second. `also` is done by the thread each
    time that it wakes.
    """

    def __init__(
        self, works: Works, also: Callable[[], object], most_waiting: int = MOST_WAITING
    ) -> None:
        self._works = works
        self._also = also
        self._most = most_waiting
        self._lock = threading.Lock()
        self._waiting: deque[Line] = deque()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, line: Line) -> None:
        """Take a line; past 10,000 that wait it is counted as missing instead."""
        with self._lock:
            if len(self._waiting) >= self._most:
                self._dropped[line["workspace_id"], line["extension_id"]] += 1
            else:
                self._waiting.append(line)
            if self._thread is None and not self._end.is_set():
                self._thread = threading.Thread(target=self._run, name="outside calls", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Write down what waits; what can't be written now waits on."""
        while True:
            with self._lock:
                lines = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                dropped, self._dropped = self._dropped, Counter()
            if not lines and not dropped:
                return
            try:
                self._store(lines, dropped)
            except BaseException:
                with self._lock:
                    self._waiting.extendleft(reversed(lines))
                    self._dropped.update(dropped)
                raise

    def stop(self) -> None:
        """Write down the rest and end the thread."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._safely(self.flush)

    def _store(self, lines: Sequence[Line], dropped: Mapping[tuple[str, str], int]) -> None:
        with self._works.across_workspaces("outside calls: write them down", write=True) as work:
            missing = [_missing(work, *whose, count) for whose, count in dropped.items()]
            rows = [{"id": new_id("call"), **line} for line in (*lines, *missing)]
            work.session.execute(insert(ConnectionCall), rows)
        for (workspace_id, extension_id), count in dropped.items():
            _log.warning(
                "outside calls are missing in the activity log",
                workspace_id=workspace_id,
                extension_id=extension_id,
                count=count,
            )

    def _run(self) -> None:
        while not self._end.wait(_EVERY_SECONDS):
            self._safely(self.flush)
            self._safely(self._also)

    def _safely(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - border: the thread must outlive a database that is away
            _log.warning("outside calls wait to be written down", exc_info=error)


def _missing(work: Work, workspace_id: str, extension_id: str, count: int) -> Line:
    return {
        "workspace_id": workspace_id,
        "extension_id": extension_id,
        "connection_id": None,
        "at": work.now,
        "operation": "activity log",
        "method": "",
        "host": "",
        "path": "",
        "status": None,
        "outcome": "unknown",
        "milliseconds": 0,
        "attempts": count,
        "sent_bytes": 0,
        "got_bytes": 0,
        "detail": f"{count} calls came faster than they could be written down: they are missing.",
        "actor_kind": "system",
        "actor_id": "system",
    }


def sweep(work: Work) -> None:
    """Remove lines that are older than 30 days, a part of them at a time."""
    old = (
        select(ConnectionCall.id)
        .where(ConnectionCall.at < work.now - timedelta(days=KEPT_DAYS))
        .limit(_SWEPT)
    )
    statement = delete(ConnectionCall).where(ConnectionCall.id.in_(old.scalar_subquery()))
    work.session.execute(statement.execution_options(synchronize_session=False))
