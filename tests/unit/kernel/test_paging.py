import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import CursorValue, Page, decode_cursor, encode_cursor

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50)
VALUES = st.lists(
    st.none() | TEXT | st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1), max_size=5
).map(tuple)


@given(VALUES, TEXT)
def test_a_cursor_comes_back_as_it_was(values: tuple[CursorValue, ...], sort: str) -> None:
    text = encode_cursor(values, sort)
    assert text.isascii()
    assert not set(text) & set("+/=&?#")
    assert decode_cursor(text, sort) == values


@given(st.text(max_size=300))
def test_any_text_is_refused_at_the_cursor(text: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        decode_cursor(text, "created_at")
    assert [finding.pointer for finding in caught.value.findings] == ["/cursor"]


def test_instants_travel_as_text() -> None:
    values = ("2026-11-21T08:28:54.123456Z", "lead_1")
    assert decode_cursor(encode_cursor(values, "new"), "new", (str, str)) == values


def forged(content: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        "name",
        None,
        ["other", "a", 1],
        ["name", "a"],
        ["name", "a", 1, 2],
        ["name", 1, 1],
        ["name", "a", "1"],
        ["name", "a", True],
        ["name", "a", 1.5],
        ["name", "a\x00", 1],
        ["name", "a", 2**63],
        ["name", "a", -(2**63)],
        ["name", ["a"], 1],
    ],
    ids=repr,
)
def test_a_cursor_made_by_hand_is_refused(content: object) -> None:
    with pytest.raises(ValidationFailed):
        decode_cursor(forged(content), "name", (str, int))


@pytest.mark.parametrize("content", [["name", 1.5], ["name", True], ["name", {}]], ids=repr)
def test_without_kinds_other_types_are_refused_still(content: object) -> None:
    with pytest.raises(ValidationFailed):
        decode_cursor(forged(content), "name")


def test_none_is_taken_for_every_kind() -> None:
    assert decode_cursor(forged(["name", None, 1]), "name", (str, int)) == (None, 1)


def test_a_giant_cursor_is_not_read() -> None:
    with pytest.raises(ValidationFailed):
        decode_cursor(forged(["name", "a" * 3000]), "name")


def test_lone_surrogates_in_a_cursor_are_refused() -> None:
    raw = base64.urlsafe_b64encode(b'["name","\\ud800"]').decode().rstrip("=")
    with pytest.raises(ValidationFailed):
        decode_cursor(raw, "name")


@pytest.mark.parametrize(
    ("limit", "cursor", "page"),
    [
        (None, None, Page(50, None)),
        (None, "abc", Page(50, "abc")),
        ("1", "", Page(1, None)),
        ("100", None, Page(100, None)),
        ("007", "abc", Page(7, "abc")),
    ],
)
def test_pages_are_read(limit: str | None, cursor: str | None, page: Page) -> None:
    assert Page.parse(limit, cursor) == page


@pytest.mark.parametrize("limit", ["0", "101", "-1", "", "ten", "1.5", "\u0661", "\u00b2", "1" * 9])
def test_a_wrong_limit_is_refused(limit: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        Page.parse(limit, None)
    assert caught.value.findings[0].pointer == "/limit"


def test_a_page_made_in_code_keeps_the_limit_too() -> None:
    with pytest.raises(ValidationFailed):
        Page(limit=101)
