"""Figures out of samples: percentiles, ratios by round, the order of rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Ratio:
    """A ratio over several rounds."""

    median: float
    low: float
    high: float


def percentile(samples: Sequence[float], percent: float) -> float:
    """Give the smallest sample that at least `percent` of all samples do not exceed.

    ValueError for no samples or a percentage outside of 0 to 100.
    """
    if not samples or not 0 <= percent <= 100:  # noqa: PLR2004 - per cent
        raise ValueError(f"no {percent}th percentile of {len(samples)} samples")
    place = -(-len(samples) * percent // 100)  # rounded up: the nearest rank
    return sorted(samples)[max(int(place), 1) - 1]


def ratio(ours: Sequence[float], others: Sequence[float]) -> Ratio:
    """Give the median of the ratios of the same rounds, with the lowest and the highest.

    A drift of the machine between two rounds moves both figures of a round and no ratio.
    ValueError where the rounds do not match or a baseline is 0.
    """
    if not ours or len(ours) != len(others) or not all(others):
        raise ValueError("a ratio needs the same rounds of both, and baselines above 0")
    each = [mine / other for mine, other in zip(ours, others, strict=True)]
    return Ratio(median(each), min(each), max(each))


def rotated(items: Sequence[Item], by: int) -> list[Item]:
    """Give the items in an order that begins one later with each round."""
    if not items:
        return []
    start = by % len(items)
    return [*items[start:], *items[:start]]
