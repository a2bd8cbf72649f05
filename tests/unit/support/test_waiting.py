from collections.abc import Iterator

import pytest

from tests.support.waiting import Late, eventually


def answers(*values: object) -> Iterator[object]:
    return iter(values)


def test_the_first_true_answer_is_given():
    given = answers(0, "", "yes", "later")
    assert eventually(lambda: next(given)) == "yes"


def test_an_expected_error_is_asked_again():
    given = answers({}, {"key": "value"})

    def look() -> str:
        return next(given)["key"]

    assert eventually(look) == "value"


def test_the_deadline_names_the_last_answer():
    with pytest.raises(Late, match=r"not true within 0\.01 s; last: \[\]"):
        eventually(list, 0.01)


def test_the_last_error_is_the_cause():
    with pytest.raises(Late) as caught:
        eventually(lambda: {}["missing"], 0.01)
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_unexpected_error_is_not_waited_out():
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 / 0)
