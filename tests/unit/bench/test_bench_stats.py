"""The figures of the bench."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats import Ratio, percentile, ratio, rotated

SAMPLES = st.lists(st.floats(0, 1e6), min_size=1)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (10, 1), (50, 5), (51, 6), (99, 10), (100, 10)]
)
def test_a_percentile_is_a_sample(percent, expected):
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == expected


@given(SAMPLES, st.floats(0, 100))
def test_enough_samples_do_not_exceed_a_percentile(samples, percent):
    place = percentile(samples, percent)
    assert sum(each <= place for each in samples) >= len(samples) * percent / 100


@pytest.mark.parametrize(("samples", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_there_is_no_percentile_of_nothing(samples, percent):
    with pytest.raises(ValueError, match="percentile"):
        percentile(samples, percent)


def test_a_ratio_is_taken_round_by_round():
    assert ratio([1, 6, 6], [2, 2, 3]) == Ratio(median=2, low=0.5, high=3)


@pytest.mark.parametrize(("ours", "others"), [([], []), ([1], [1, 2]), ([1], [0])])
def test_a_ratio_needs_the_same_rounds_and_a_baseline(ours, others):
    with pytest.raises(ValueError, match="ratio"):
        ratio(ours, others)


def test_every_round_begins_with_another():
    assert [rotated("abc", turn) for turn in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
    assert rotated([], 3) == []
