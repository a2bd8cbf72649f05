"""How fast a backlog drains, in words."""

import pytest

from geminicrm.jobs.watching import Look, age

BEFORE = Look(1_000, 100.0)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (760, "120 a second done, 6 s left"),
        (997, "1.5 a second done, 11 min left"),
        (1_000, "standing still"),
        (1_040, "growing by 20 a second"),
        (0, "500 a second done, 0 s left"),
    ],
)
def test_the_pace(left: int, words: str):
    assert Look(left, 102.0).pace(BEFORE).words == words


def test_nothing_waits_and_nothing_comes():
    assert Look(0, 102.0).pace(Look(0, 100.0)).words == "nothing waits"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, Look(1, 102.0)),
        (Look(None, 100.0), Look(1, 102.0)),
        (BEFORE, Look(None, 102.0)),
        (BEFORE, Look(900, 100.1)),
        (BEFORE, Look(900, 200.0)),
        (BEFORE, Look(900, 50.0)),
    ],
    ids=["first look", "too many before", "too many now", "too soon", "long ago", "set back"],
)
def test_where_it_can_not_be_told(before: Look | None, now: Look):
    assert now.pace(before) is None


@pytest.mark.parametrize("look", [Look(7, 100.5), Look(None, 100.5)])
def test_a_look_goes_to_the_page_and_comes_back(look: Look):
    assert Look.read(look.text) == look


@pytest.mark.parametrize("text", ["", "7", "x@1", "7@", "7@x"])
def test_what_is_no_look(text: str):
    assert Look.read(text) is None


def test_more_than_are_counted():
    states = {"queued": 10_001, "running": 3}
    assert Look.now({"states": states, "most": 10_000}).left is None
    assert Look.now({"states": {**states, "queued": 9_000}, "most": 10_000}).left == 9_003


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "-"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (200_000, "2 d")],
)
def test_ages(seconds: int | None, words: str):
    assert age(seconds) == words
