"""How a connection stands with its service: the pause that all workers keep, and what people see.

A connection is paused for 30 s after 5 failures in a row within a minute, and for as long as the
service asks with 429. After the first kind one call goes ahead alone; its success ends the pause.
Failures are counted by each process, the pause is a row that all of them read.
"""

import math
import threading
from collections import deque
from typing import Any, Final

import structlog
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from extensions.sdk.service_errors import RateLimited, ServiceUnavailable
from geminicrm.connections.injection import needs_token
from geminicrm.connections.models import CONNECTED, FAILING, NEEDS_REAUTH, Connection
from geminicrm.connections.opened import Opened
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.connections.outgoing.retrying import instant_in
from geminicrm.connections.table import Connected, ConnectionTable
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.generation import CONNECTIONS, Generations
from geminicrm.kernel.work import Works

FAILURES: Final = 5
WINDOW_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 30.0
SEEN_WELL_SECONDS: Final = 300.0
"""So often at most a connection that goes on being well is written down as such."""
_LIMITED: Final = RateLimited.code
_DOWN: Final = ServiceUnavailable.code
_REFUSED: Final = "authentication_failed"
_log = structlog.get_logger(__name__)


class Standing:
    """Opens and closes the pause, and keeps state and last error of each connection.

    A `guest` is a process with an environment of its own, a command beside a server: what fails
    there may be for want of a variable, so it is not written down.
    """

    def __init__(
        self, works: Works, generations: Generations, table: ConnectionTable, pace: Pace
    ) -> None:
        self._works = works
        self._generations = generations
        self._table = table
        self._pace = pace
        self.guest = False
        self._lock = threading.Lock()
        self._failed: dict[str, deque[float]] = {}
        self._seen_well: dict[str, float] = {}

    def gate(self, opened: Opened, seconds: float) -> None:
        """Let a call through, or wait until the service takes calls again, so long at most.

        Raises RateLimited or ServiceUnavailable, with nothing sent.
        """
        one = self._now(opened)
        if one.paused_until is None:
            return
        wait = (one.paused_until - self._works.clock.now()).total_seconds()
        if one.last_error_code == _LIMITED:
            self._wait(opened, wait, seconds)
        elif wait > 0 or not self._goes_ahead(one):
            raise ServiceUnavailable(
                f"{opened.service.name} failed {FAILURES} times in a row: it is left alone for a "
                "moment. Nothing was sent.",
                retry_after=max(1, math.ceil(wait)),
            )

    def well(self, opened: Opened) -> None:
        """Note that the service has answered."""
        one = self._now(opened)
        self._failed.pop(one.id, None)
        if self._is_news(opened, one) and not self._is_held(one):
            values: dict[str, Any] = {"status": CONNECTED, "last_ok_at": self._works.clock.now()}
            if one.status != CONNECTED or one.paused_until is not None:
                values |= {"paused_until": None, "last_error": None, "last_error_code": None}
            self._write(one, values)
            self._seen_well[one.id] = self._pace.monotonic()

    def failed(self, opened: Opened, detail: str) -> None:
        """Note that it has not, or with an error of its own."""
        one = self._now(opened)
        if self.guest or (self._count(one.id) < FAILURES and not _is_down(one)):
            return
        until = instant_in(PAUSE_SECONDS, self._works.clock.now())
        self._failed.pop(one.id, None)
        error = self._error(_DOWN, detail)
        status = {} if one.status == NEEDS_REAUTH else {"status": FAILING}
        self._write(one, {**error, **status, "paused_until": until})

    def limited(self, opened: Opened, seconds: float) -> None:
        """Note that it wants no call for so many seconds: all workers keep to it."""
        one = self._now(opened)
        now = self._works.clock.now()
        until = instant_in(seconds, now)
        if one.paused_until is None or one.paused_until < until:
            detail = f"{opened.service.name} asked to wait {math.ceil(seconds)} s."
            self._write(one, {**self._error(_LIMITED, detail), "paused_until": until})

    def refused(self, opened: Opened) -> None:
        """Note that it refuses the credentials, and there are no others."""
        one = self._now(opened)
        if one.status != NEEDS_REAUTH and not self.guest:
            detail = f"{opened.service.name} refuses the credentials."
            self._write(one, {**self._error(_REFUSED, detail), "status": NEEDS_REAUTH})

    def _now(self, opened: Opened) -> Connected:
        known = opened.connection
        return self._table.find(known.installation_id, known.id) or known

    def _wait(self, opened: Opened, wait: float, seconds: float) -> None:
        if wait > seconds:
            left = math.ceil(wait)
            raise RateLimited(
                f"{opened.service.name} asked for a pause, of which {left} s are left. Nothing was "
                "sent.",
                retry_after=left,
            )
        if wait > 0:
            self._pace.sleep(wait)

    def _is_news(self, opened: Opened, one: Connected) -> bool:
        # A token that still holds says nothing of the sign-in that has to be renewed.
        if one.status == NEEDS_REAUTH and needs_token(opened):
            return False
        if one.status != CONNECTED or _is_down(one):
            return True
        seen = self._seen_well.get(one.id)
        return seen is None or self._pace.monotonic() - seen > SEEN_WELL_SECONDS

    def _is_held(self, one: Connected) -> bool:
        """Tell whether the pause is one that the service asked for, and still runs."""
        until = one.paused_until if one.last_error_code == _LIMITED else None
        return until is not None and until > self._works.clock.now()

    def _count(self, connection_id: str) -> int:
        now = self._pace.monotonic()
        with self._lock:
            failed = self._failed.setdefault(connection_id, deque())
            failed.append(now)
            while now - failed[0] > WINDOW_SECONDS:
                failed.popleft()
            return len(failed)

    def _goes_ahead(self, one: Connected) -> bool:
        """Tell whether this call is the one that finds out, of all workers."""
        until = instant_in(PAUSE_SECONDS, self._works.clock.now())
        return self._write(one, {"paused_until": until}, only_if_paused_so=True)

    def _error(self, code: str, detail: str) -> dict[str, Any]:
        now = self._works.clock.now()
        return {"last_error": detail, "last_error_code": code, "last_error_at": now}

    def _write(
        self, one: Connected, values: dict[str, Any], *, only_if_paused_so: bool = False
    ) -> bool:
        """Change the row, and have all workers read it anew if calls look at what changed."""
        row = update(Connection).where(Connection.id == one.id)
        if only_if_paused_so:
            row = row.where(Connection.paused_until == one.paused_until)
        row = row.values(**values).execution_options(synchronize_session=False)
        seen = {name: value for name, value in values.items() if hasattr(one, name)}
        try:
            with self._works.across_workspaces("connections: how one stands", write=True) as work:
                found = work.session.execute(row)
                if any(getattr(one, name) != value for name, value in seen.items()):
                    self._generations.bump(work, CONNECTIONS)
                count: int = found.rowcount  # type: ignore[attr-defined]  # the stubs know none here
                return count == 1
        except (SQLAlchemyError, AppError) as error:
            # What the service answered holds, whether it can be written down or not.
            _log.warning("a connection's state is not written down", error=str(error))
            return False


def _is_down(one: Connected) -> bool:
    return one.paused_until is not None and one.last_error_code != _LIMITED
