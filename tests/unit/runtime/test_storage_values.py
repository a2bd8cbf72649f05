"""What counts as JSON that can be stored."""

import math
from collections import OrderedDict
from enum import IntEnum
from typing import Any

import pytest

from extensions.sdk.storage import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_KEY, MAX_SIGNS
from geminicrm.runtime.host import values
from geminicrm.runtime.storage_values import encode


class Size(IntEnum):
    LARGE = 3


class Odd(float):
    """A number that JSON's writer does not know."""


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


def doubled() -> Any:
    value: Any = "x"
    for _ in range(40):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b"null"),
        (True, b"true"),
        ("ü\x00\n", '"ü\\u0000\\n"'.encode()),
        (-(2**63), b"-9223372036854775808"),
        (2**63 - 1, b"9223372036854775807"),
        (1.5, b"1.5"),
        ((1, (2,)), b"[1,[2]]"),
        ({"b": 1, "a": {}}, b'{"b":1,"a":{}}'),
        (OrderedDict(a=1), b'{"a":1}'),
        (Size.LARGE, b"3"),
    ],
)
def test_json_is_stored(value: object, text: bytes):
    assert encode(value, "/value") == (text, None)


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        (math.nan, "", "no NaN"),
        ({"a": [1, -math.inf]}, "/a/1", "no infinity"),
        (2**63, "", "64 bits"),
        ({"a/b": {"c": b"x"}}, "/a~1b/c", "A bytes is no JSON"),
        ([{1, 2}], "/0", "A set is no JSON"),
        ({1: 2}, "", "names are text"),
        ({"\ud800": 2}, "", "surrogate"),
        (["\udfff"], "/0", "surrogate"),
        (Odd(1.0), "", "This is no JSON"),
    ],
)
def test_anything_else_is_named_with_its_place(value: object, pointer: str, words: str):
    text, found = encode(value, "/value")
    assert text == b""
    assert found is not None
    assert (found.pointer, found.code) == (f"/value{pointer}", "wrong_value")
    assert words in found.message


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("x" * (MAX_DOCUMENT_BYTES - 1), "too_large"),
        ([0] * (MAX_DOCUMENT_BYTES + 1), "too_large"),
        (doubled(), "too_large"),
        ("," * (MAX_SIGNS + 1), "too_large"),
        (nested(MAX_DEPTH + 1), "too_deep"),
        (endless(), "too_deep"),
    ],
)
def test_size_and_depth_are_bounded(value: object, code: str):
    _, found = encode(value, "")
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "value",
    ["x" * (MAX_DOCUMENT_BYTES - 2), nested(MAX_DEPTH), [1] * MAX_SIGNS],
    ids=["long", "deep", "many"],
)
def test_what_fits_can_be_read_by_a_host(value: object):
    text, found = encode(value, "")
    assert found is None
    document = {"key": "k" * MAX_KEY, "value": value, "version": 1, "updated_at": "09:00:00"}
    assert values.decode(values.encode({"data": [document], "next_cursor": None}))
    assert len(text) <= MAX_DOCUMENT_BYTES
