"""Patience with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
STEP_SECONDS = 0.02


class Late(AssertionError):
    """What was waited for did not happen in time."""


def eventually(check: Callable[[], T], seconds: float = 30.0) -> T:
    """Give the first true answer of `check`; raise `Late` with the last answer or error."""
    deadline = time.monotonic() + seconds
    while True:
        last, answer = _ask(check)
        if answer:
            return answer
        if time.monotonic() >= deadline:
            message = f"not true within {seconds:g} s; last: {last!r}"
            raise Late(message) from (last if isinstance(last, BaseException) else None)
        time.sleep(STEP_SECONDS)  # the pause of a poll with a deadline, not a synchronisation


def _ask(check: Callable[[], T]) -> tuple[object, T | None]:
    try:
        answer = check()
    except (OSError, AssertionError, LookupError, ValueError) as error:
        return error, None
    return answer, answer
