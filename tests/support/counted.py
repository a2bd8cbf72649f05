"""Keeping the counts of lines."""

import coverage
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Write down what was counted before anything else ends.

    xdist kills a process that takes its time to clean up, and its counts would be gone.
    """
    counting = coverage.Coverage.current()
    if counting is not None:
        counting.save()
