"""Arguments of the storage door."""

from collections.abc import Callable
from typing import Any

import pytest

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.runtime import storage_check as check

LONG = "k" * 201


def findings(call: Callable[..., object], *given: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationFailed) as caught:
        call(*given)
    return [(one.pointer, one.code) for one in caught.value.findings]


@pytest.mark.parametrize("key", ["", LONG, "a\nb", "\x00", "\u2028", "\ud800", 3, None, b"a"])
def test_what_is_no_key(key: object):
    assert findings(check.check_key, key) == [("/key", "wrong_key")]
    assert findings(check.check_keys, ["a", key]) == [("/1", "wrong_key")]
    assert len(findings(check.check_values, {"a": 1, key: 2})) == 1


@pytest.mark.parametrize("key", ["a", "k" * 200, "a b/c:d%_*", "中é😀"])
def test_what_is_a_key(key: str):
    check.check_key(key)
    check.check_prefix(key)
    assert check.check_keys([key]) == [key]
    assert check.check_values({key: 1}) == {key: 1}


@pytest.mark.parametrize("keys", ["abc", None, 3, {"a"}])
def test_what_is_no_list_of_keys(keys: object):
    assert findings(check.check_keys, keys) == [("", "wrong_value")]


@pytest.mark.parametrize("values", ["abc", None, [1]])
def test_what_is_no_object_of_values(values: object):
    assert findings(check.check_values, values) == [("", "wrong_value")]


def test_a_hundred_at_once_and_no_more():
    keys = [f"k{at}" for at in range(101)]
    assert findings(check.check_keys, keys) == [("", "too_many")]
    assert findings(check.check_values, dict.fromkeys(keys)) == [("", "too_many")]
    assert len(check.check_keys(keys[:100])) == 100


@pytest.mark.parametrize("prefix", [LONG, "\n", 3, None])
def test_what_no_key_begins_with(prefix: object):
    assert findings(check.check_prefix, prefix) == [("/prefix", "wrong_key")]


def test_every_key_begins_with_nothing():
    check.check_prefix("")


@pytest.mark.parametrize("version", [-1, True, 1.0, "1", 2**31])
def test_what_is_no_version(version: object):
    assert findings(check.check_version, version) == [("/if_version", "wrong_value")]


@pytest.mark.parametrize("version", [None, 0, 1, 2**31 - 1])
def test_what_is_a_version(version: object):
    check.check_version(version)


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_has_its_bounds(limit: int):
    assert findings(check.check_page, limit, None) == [("/limit", "bad_limit")]


@pytest.mark.parametrize(
    ("limit", "cursor", "pointer"),
    [("5", None, "/limit"), (True, None, "/limit"), (5, 3, "/cursor")],
)
def test_what_is_no_page(limit: object, cursor: object, pointer: str):
    assert findings(check.check_page, limit, cursor) == [(pointer, "wrong_value")]


def test_an_empty_cursor_is_the_beginning():
    assert check.check_page(5, "") == Page(5)


def test_every_wrong_value_is_found():
    pointers = {"a": "/a", "b": "/b", "c": "/c"}
    wrong = {"a": {1}, "b": 2, "c": [float("nan")]}
    assert findings(check.encoded, wrong, pointers) == [
        ("/a", "wrong_value"), ("/c/0", "wrong_value"),
    ]  # fmt: skip
    assert check.encoded({"b": 2}, pointers) == {"b": b"2"}


def test_values_are_bounded_together():
    values = {f"k{at}": "x" * 200_000 for at in range(11)}
    assert findings(check.encoded, values, values) == [("", "too_large")]
