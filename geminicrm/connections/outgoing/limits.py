"""What a service allows a connection, kept by all workers of all machines together."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select

from extensions.sdk.service_errors import RateLimited
from geminicrm.connections.models import ConnectionUse
from geminicrm.connections.opened import Opened
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.connections.outgoing.turns import Turns, is_quota, largest_block
from geminicrm.connections.ways import Limit
from geminicrm.kernel.db import insert_into
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.limits import window_start
from geminicrm.kernel.work import Work, Works

Counts = Literal["requests", "messages"]
_Key = tuple[str, str]


@dataclass(slots=True)
class _Block:
    """Turns that this process has taken for itself; they lapse at `until` (monotonic)."""

    size: int
    left: int
    until: float


class Limits:
    """Takes turns in the table `connection_uses`; busy processes take several at once.

    A block lapses after as long as its turns need one by one: so all workers together exceed a
    limit by less than one block, and who calls rarely takes single turns.
    """

    def __init__(self, works: Works, pace: Pace) -> None:
        self._works = works
        self._pace = pace
        self._lock = threading.Lock()
        self._blocks: dict[_Key, _Block] = {}

    def take(self, opened: Opened, counts: Counts, count: int = 1, seconds: float = 30.0) -> None:
        """Wait for one's turn, for so many seconds at most.

        Raises RateLimited where it comes later; then no turn is taken.
        """
        limits = limits_of(opened, counts)
        if not limits or (count == 1 and self._from_block((opened.connection.id, counts))):
            return
        key = (opened.connection.id, counts)
        size = self._next_size(key, limits) if count == 1 else count
        deadline = self._pace.monotonic() + seconds
        while (wait := self._reserve(opened, limits, size, deadline)) is not None:
            self._pace.sleep(wait)
        if count == 1:
            self._keep(key, size, limits)

    def _reserve(
        self, opened: Opened, limits: Sequence[Limit], size: int, deadline: float
    ) -> float | None:
        """Take turns in the table, and wait for them; give the wait for a quota that is used up."""
        left = max(0.0, deadline - self._pace.monotonic())
        with self._works.across_workspaces("limits: take turns", write=True) as work:
            rows = _rows(work, opened, limits)
            quotas = [(rows[one.id], one) for one in limits if is_quota(one)]
            full = [(_full(row, one, size, work.now), one) for row, one in quotas]
            wait, limit = max(full, key=lambda pair: pair[0], default=(0.0, limits[0]))
            if wait:
                _refuse_past(left, wait, opened, limit)
                return wait
            for row, _ in quotas:
                row.used += size
            wait = self._turns(rows, opened, limits, size, left)
        if wait:
            self._pace.sleep(wait)
        return None

    def _turns(
        self,
        rows: dict[str, ConnectionUse],
        opened: Opened,
        limits: Sequence[Limit],
        size: int,
        left: float,
    ) -> float:
        now, longest = self._pace.unix(), 0.0
        for limit in limits:
            if not is_quota(limit):
                row = rows[limit.id]
                row.tat, wait = Turns.of(limit).after(row.tat, now, size)
                # What is raised here takes the quotas that were counted back as well.
                _refuse_past(left, wait, opened, limit)
                row.used += size
                longest = max(longest, wait)
        return longest

    def _from_block(self, key: _Key) -> bool:
        with self._lock:
            block = self._blocks.get(key)
            if block is None or not block.left or self._pace.monotonic() > block.until:
                return False
            block.left -= 1
            return True

    def _next_size(self, key: _Key, limits: Sequence[Limit]) -> int:
        largest = min(map(largest_block, limits))
        with self._lock:
            last = self._blocks.get(key)
            spent = last is not None and not last.left and self._pace.monotonic() <= last.until
            return min(largest, 2 * last.size) if last is not None and spent else 1

    def _keep(self, key: _Key, size: int, limits: Sequence[Limit]) -> None:
        holds = min(limit.seconds / limit.most for limit in limits) * size
        with self._lock:
            self._blocks[key] = _Block(size, size - 1, self._pace.monotonic() + holds)


def limits_of(opened: Opened, counts: Counts) -> tuple[Limit, ...]:
    """Give the limits that count something, as the settings of the connection have them."""
    limits = [one for one in opened.service.limits if one.counts == counts]
    return tuple(_set(one, opened) if one.setting else one for one in limits)


def _set(limit: Limit, opened: Opened) -> Limit:
    given: Any = opened.plain().get(limit.setting or "")
    try:
        most = int(given)
    except (TypeError, ValueError, OverflowError):
        return limit
    return replace(limit, most=most) if most > 0 else limit


def _rows(work: Work, opened: Opened, limits: Sequence[Limit]) -> dict[str, ConnectionUse]:
    """Give the meters, locked; those that there are none of yet begin now."""
    one = opened.connection
    wanted = (
        select(ConnectionUse)
        .where(ConnectionUse.connection_id == one.id)
        .order_by(ConnectionUse.limit_id)
        .with_for_update()
    )
    rows = {row.limit_id: row for row in work.session.scalars(wanted)}
    missing = [limit.id for limit in limits if limit.id not in rows]
    if not missing:
        return rows
    new = [
        {
            "id": new_id("use"),
            "workspace_id": one.workspace_id,
            "connection_id": one.id,
            "limit_id": limit_id,
            "tat": 0.0,
            "window_at": work.now,
            "used": 0,
        }
        for limit_id in missing
    ]
    work.session.execute(insert_into(work.session, ConnectionUse).on_conflict_do_nothing(), new)
    return {row.limit_id: row for row in work.session.scalars(wanted)}


def _full(row: ConnectionUse, limit: Limit, size: int, now: datetime) -> float:
    """Turn to the present window; give the seconds until the next one where this one is full."""
    start = window_start(now.timestamp(), limit.seconds)
    if row.window_at.timestamp() < start or row.window_at > now:
        row.used = 0
    row.window_at = datetime.fromtimestamp(start, UTC)
    if row.used + size <= limit.most:
        return 0.0
    return max(start + limit.seconds - now.timestamp(), 0.001)


def _refuse_past(left: float, wait: float, opened: Opened, limit: Limit) -> None:
    if wait <= left:
        return
    seconds = math.ceil(wait)
    raise RateLimited(
        f"{opened.service.name} allows {limit.most:,} {limit.counts} in {limit.seconds:,} s "
        f"({limit.label}), and they are used up: the next may go in {seconds:,} s. Nothing was "
        "sent.",
        retry_after=seconds,
    )
