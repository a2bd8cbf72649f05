"""How many rows of a table a piece of code makes the database look at, by its own count."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from geminicrm.kernel.work import Work

_ROWS = text(
    "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables "
    "WHERE relname = :name"
)
_STEPS_OF_A_ROW = 30
"""So many steps of SQLite's own machine at most are one row of the statements that are counted."""


def visited(work: Work, act: Callable[[], Any], table: str = "jobs") -> float:
    """Do something in a transaction; give how many rows that visited, at most a few too many."""
    return _WAYS[work.session.get_bind().dialect.name](work, act, table)


def _rows(work: Work, act: Callable[[], Any], table: str) -> float:
    before = work.session.scalar(_ROWS, {"name": table}) or 0
    act()
    return float((work.session.scalar(_ROWS, {"name": table}) or 0) - before)


def _steps(work: Work, act: Callable[[], Any], _table: str) -> float:
    driver: Any = work.session.connection().connection.driver_connection
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    driver.set_progress_handler(count, _STEPS_OF_A_ROW)
    try:
        act()
    finally:
        driver.set_progress_handler(None, 0)
    return float(steps[0])


_WAYS = {"postgresql": _rows, "sqlite": _steps}
