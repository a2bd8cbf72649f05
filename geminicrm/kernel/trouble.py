"""A database that fails a request through no fault of the request."""

from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from geminicrm.kernel.disk import is_full
from geminicrm.kernel.errors import AppError, DiskFull, Unavailable

_RETRY_SECONDS: Final = 2.0
# SQLite says everything by one error; these are its words for what passes.
_PASSING: Final = ("database is locked", "disk I/O error", "unable to open database file")


def trouble(error: SQLAlchemyError) -> AppError | None:
    """Give what the caller is told where the database is full or away; None for a fault of ours."""
    if is_full(error):
        return DiskFull("The database has no room, and the change was not made. Free some room.")
    if _is_away(error):
        return Unavailable(
            "The database is away. Whether a change was made will show when it is back.",
            _RETRY_SECONDS,
        )
    return None


def _is_away(error: SQLAlchemyError) -> bool:
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    said = str(error.orig)
    of_sqlite = type(error.orig).__module__.startswith("sqlite3")
    return isinstance(error, OperationalError) and (
        not of_sqlite or any(words in said for words in _PASSING)
    )
