"""When a version has to go: a table."""

import pytest

from geminicrm.runtime.watching.judging import Count, verdict

NONE = Count()
GOOD = Count(1_000, 0)


@pytest.mark.parametrize(
    ("now", "before", "trouble", "said"),
    [
        (NONE, NONE, None, None),
        (Count(4, 4), NONE, None, None),
        (Count(5, 5), NONE, None, "5 of 5 calls failed."),
        (Count(100, 5), NONE, None, "5 of 100 calls failed."),
        (Count(101, 5), NONE, None, None),
        (Count(100_000, 4_999), GOOD, None, None),
        (Count(6, 5), GOOD, None, "5 of 6 calls failed, and 0 of 1,000 of the version before."),
        (Count(100, 24), Count(1_000, 100), None, None),
        (Count(100, 25), Count(1_000, 100), None, "25 of 100 calls failed, and 100 of 1,000 of"),
        (Count(50, 50), Count(1_000, 900), None, None),
        (NONE, GOOD, "It can't be loaded: no", "It can't be loaded: no"),
    ],
    ids=[
        "nothing was called",
        "four failures say nothing",
        "five of five",
        "as many as one in twenty",
        "fewer than one in twenty",
        "many, and still few",
        "five at once",
        "not well above a bad one",
        "well above a bad one",
        "the one before failed nearly always",
        "what needs no counting",
    ],
)
def test_a_verdict(now: Count, before: Count, trouble: str | None, said: str | None):
    found = verdict(now, before, trouble)
    assert (found or "").startswith(said or "")
    assert bool(found) == bool(said)


def test_nothing_called_has_no_rate():
    assert NONE.rate == 0.0
