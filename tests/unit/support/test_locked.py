import pytest

from tests.support.locked import locked


def test_a_process_that_told_nothing_shows_why():
    done = locked({}, before="raise ValueError('on purpose')")
    with pytest.raises(AssertionError, match="ValueError: on purpose"):
        _ = done.tried
