"""How failed starts are counted: killed ones too, stopped ones not, and old ones not any more."""

from pathlib import Path

import pytest

from geminicrm.processes.starts import FILE, WINDOW_SECONDS, Starts


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def starts(tmp_path: Path, clock: Clock):
    return Starts(tmp_path, clock)


def test_a_start_that_was_killed_is_found_by_the_next(starts: Starts):
    assert [starts.begin() for _ in range(4)] == [0, 1, 2, 3]


def test_one_that_gave_up_counts_once(starts: Starts):
    starts.begin()
    assert starts.failed() == 1
    assert starts.begin() == 1


def test_one_that_was_stopped_says_nothing(starts: Starts):
    starts.begin()
    starts.stopped()
    assert starts.begin() == 0


def test_one_that_stayed_up_makes_up_for_those_before(starts: Starts):
    starts.begin()
    starts.failed()
    starts.begin()
    starts.succeeded()
    assert starts.begin() == 0


def test_old_ones_do_not_count(starts: Starts, clock: Clock):
    starts.begin()
    starts.failed()
    starts.begin()
    clock.now += WINDOW_SECONDS + 1
    assert starts.begin() == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"failed": ["x"], "pending": null}'])
def test_a_damaged_file_begins_anew(starts: Starts, tmp_path: Path, text: str):
    (tmp_path / FILE).write_text(text)
    assert starts.begin() == 0
    assert starts.begin() == 1
