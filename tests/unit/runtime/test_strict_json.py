"""JSON of strangers: every way to be wrong is a finding."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.runtime.strict_json import MAX_DEPTH, join, read_json, shorten

LIMIT = 100_000


def codes(raw):
    return [(found.pointer, found.code) for found in read_json(raw, LIMIT)[1]]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a": 1,}', "not_json"),
        (b"", "not_json"),
        (b"NaN", "not_json"),
        (b"[Infinity]", "not_json"),
        (b"[1e999]", "not_json"),
        (b"[-1e999]", "not_json"),
        (b"[" + b"9" * 5000 + b"]", "not_json"),
        (b"\xff\xfe{}", "not_utf8"),
        (b'"' + b"x" * LIMIT + b'"', "too_large"),
        (b"[" * 50_000, "too_deep"),
        (b'{"a":' * 10_000, "too_deep"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_whole_is_refused(raw, code):
    value, [found] = read_json(raw, LIMIT)
    assert (value, found.pointer, found.code) == (None, "", code)


def test_line_and_column_are_named():
    _, [found] = read_json(b'{\n  "a": 1\n  "b": 2\n}', LIMIT)
    assert found.message == "Line 3, column 3 is not JSON: Expecting ',' delimiter."


@pytest.mark.parametrize(
    ("raw", "pointer", "code"),
    [
        (b'{"a": 1, "a": 2}', "/a", "duplicate_key"),
        (b'{"b": [{"x/y": 1, "x/y": 2}]}', "/b/0/x~1y", "duplicate_key"),
        (b'{"a": "\\u0000"}', "/a", "unfit_text"),
        (b'{"a": ["\\ud800"]}', "/a/0", "unfit_text"),
        (b'{"\\u0007": 1}', "", "unfit_text"),
    ],
)
def test_what_could_not_be_stored_is_found(raw, pointer, code):
    assert codes(raw) == [(pointer, code)]


def test_all_findings_come_together():
    assert len(codes(b'{"a": "\\u0000", "b": 1, "b": "\\ud800"}')) == 3


def test_a_byte_order_mark_passes():
    assert read_json(b'\xef\xbb\xbf{"a": [1, 2.5, null, "\\n"]}', LIMIT) == (
        {"a": [1, 2.5, None, "\n"]},
        [],
    )


def test_brackets_in_strings_do_not_nest():
    raw = json.dumps(["[" * 100, '"' + "{" * 100, "\\"]).encode()
    assert codes(raw) == []


def test_the_deepest_allowed_passes():
    assert codes(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) == []


@pytest.mark.parametrize(
    "raw",
    [b'"\\"' * 30_000, b"{" + b'"a":1,' * 16_000 + b'"b":1}', b'"' * 99_999],
    ids=["open strings", "repeated keys", "quotes"],
)
def test_hostile_text_costs_little(raw):
    started = time.process_time()
    read_json(raw, LIMIT)
    assert time.process_time() - started < 2


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-9, 9)
        | st.text(st.characters(exclude_categories=["C"])),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.text(st.characters(exclude_categories=["C"])), inner)
        ),
        max_leaves=15,
    )
)
def test_json_passes_unchanged(value):
    assert read_json(json.dumps(value).encode(), LIMIT) == (value, [])


@given(st.binary(max_size=200))
def test_bytes_give_a_value_or_findings(raw):
    value, found = read_json(raw, LIMIT)
    assert value is None or all(one.pointer or one.code == "unfit_text" for one in found)


def test_shorten_and_join():
    assert shorten("x" * 100) == '"' + "x" * 56 + "..."
    assert join("/a", "~b/\ud800") == "/a/~0b~1?"
