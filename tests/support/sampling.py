"""Long loops: a sample in the everyday run, all of it in the full one."""

import os
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

T = TypeVar("T")
FULL = "GEMINICRM_TEST_FULL"
Sample = Callable[[Sequence[T], int], list[T]]


def sampled(items: Sequence[T], count: int) -> list[T]:
    """Give all items in the full run, else `count` of them chosen by the seed pytest prints."""
    if os.environ.get(FULL):
        return list(items)
    # pytest-randomly seeds `random` for each test with the seed of the run.
    return random.sample(items, min(count, len(items)))


@pytest.fixture
def sample() -> Callable[[Sequence[T], int], list[T]]:
    """Give `sample(items, count)`: what a long loop goes through in this run."""
    return sampled
