"""UI blocks: what passes, what is refused, and that all findings come together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.sdk import block_rules
from extensions.sdk.blocks import (
    MAX_BLOCKS,
    MAX_BYTES,
    Badge,
    Button,
    Fields,
    Form,
    FormField,
    Heading,
    Link,
    Stat,
    Table,
    Text,
    validate_blocks,
)
from extensions.sdk.errors import InvalidBlocks

ONE_OF_EACH = [
    Heading("Mail"),
    Text("Nothing new", "info"),
    Fields({"Phone": "123", "Calls": 4, "Fax": None}),
    Stat("Open", 12),
    Badge("VIP", "success"),
    Table(["Name", "Sum"], [["Ada", 1.5], ["Bob", None]]),
    Link("Help", "https://example.com/help"),
    Button("Send", "send-mail", "danger", "Really?", {"to": "ada@example.com"}),
    Form("save", [FormField("size", "Size", "select", options={"s": "Small"})]),
]


def findings_of(blocks):
    with pytest.raises(InvalidBlocks) as caught:
        validate_blocks(blocks)
    return [(found.pointer, found.code) for found in caught.value.findings]


def test_every_class_passes_and_says_all_of_its_type():
    checked = validate_blocks(ONE_OF_EACH)
    assert [block["type"] for block in checked] == list(block_rules.BLOCK_TYPES)
    assert checked == [block.to_dict() for block in ONE_OF_EACH]


def test_checked_blocks_pass_again():
    checked = validate_blocks(ONE_OF_EACH)
    assert validate_blocks(checked) == checked


def test_defaults_are_filled_in():
    [block] = validate_blocks([{"type": "button", "text": "Go", "action": "go"}])
    assert block == {
        "type": "button",
        "text": "Go",
        "action": "go",
        "style": "secondary",
        "confirm": "",
        "inputs": [],
    }


def test_numbers_stay_numbers():
    fields, table = validate_blocks([Fields({"a": 1, "b": None}), Table(["x"], [[2.5]])])
    assert [item["value"] for item in fields["entries"]] == [1, None]
    assert table["rows"] == [[2.5]]


def test_no_property_hides_behind_a_method_of_dict():
    names = {name for props in block_rules.BLOCK_TYPES.values() for name in props}
    assert not names & set(dir(dict))


@pytest.mark.parametrize(
    ("block", "pointer", "code"),
    [
        (3, "/0", "not_a_block"),
        (Fields("not a mapping"), "/0", "not_a_block"),
        ({}, "/0/type", "unknown_block"),
        ({"type": ["heading"]}, "/0/type", "unknown_block"),
        ({"type": "html", "html": "<b>"}, "/0/type", "unknown_block"),
        ({"type": "heading"}, "/0/text", "missing"),
        (Heading(7), "/0/text", "not_text"),
        (Heading("x", 9), "/0/level", "not_a_choice"),
        ({"type": "heading", "text": "x", "level": True}, "/0/level", "not_a_choice"),
        (Stat("x", float("nan")), "/0/value", "not_finite"),
        (Stat("x", ["y"]), "/0/value", "not_text"),
        (Button("x", "go", values={"a b": "y"}), "/0/inputs/0/id", "not_fitting"),
        (Heading("x" * 501), "/0/text", "too_long"),
        (Text("\ud800"), "/0/text", "not_unicode"),
        (Text("x", "loud"), "/0/tone", "not_a_choice"),
        ({"type": "text", "text": "x", "onclick": "y"}, "/0", "unknown_property"),
        ({"type": "fields", "entries": "x"}, "/0/entries", "not_a_list"),
        ({"type": "fields", "entries": [1]}, "/0/entries/0", "not_an_object"),
        ({"type": "fields", "entries": {}}, "/0/entries", "not_a_list"),
        (Table(["a"], [["b", "c"]]), "/0/rows/0", "row_width"),
        (Table(["a"], [[Link("b", "javascript:x")]]), "/0/rows/0/0/href", "not_fitting"),
        (Table(["a"], [[{"type": "link", "text": "b"}]]), "/0/rows/0/0/href", "missing"),
        (Link("x", "javascript:alert(1)"), "/0/href", "not_fitting"),
        (Link("x", "http://example.com"), "/0/href", "not_fitting"),
        (Link("x", "//evil.example"), "/0/href", "not_fitting"),
        (Link("x", "/\\evil.example"), "/0/href", "not_fitting"),
        (Link("x", "/\tleads"), "/0/href", "not_fitting"),
        (Button("x", "../other"), "/0/action", "not_fitting"),
        (Button("x", ""), "/0/action", "not_fitting"),
        (Form("go", [FormField("a", "A"), FormField("a", "B")]), "/0/fields/1/id", "repeated"),
        (Form("go", [FormField("a", "A", "file")]), "/0/fields/0/type", "not_a_choice"),
        (Form("go", [FormField("a", "A", required="yes")]), "/0/fields/0/required", "not_a_flag"),
    ],
)
def test_what_can_not_be_shown_is_refused(block, pointer, code):
    assert findings_of([block]) == [(pointer, code)]


def test_all_findings_come_together():
    blocks = [Heading(1), Text("fine"), {"type": "x"}, Link("x", "ftp://y")]
    assert [pointer for pointer, _ in findings_of(blocks)] == ["/0/text", "/2/type", "/3/href"]


def test_long_values_are_shortened_in_messages():
    with pytest.raises(InvalidBlocks) as caught:
        validate_blocks([Link("x", "y" * 1000)])
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("blocks", ["text", b"bytes", 3, None, {}])
def test_blocks_come_as_a_list(blocks):
    assert findings_of(blocks) == [("", "not_a_list")]


def test_the_number_of_blocks_is_limited():
    assert len(validate_blocks([Text("x")] * MAX_BLOCKS)) == MAX_BLOCKS
    assert findings_of([Text("x")] * (MAX_BLOCKS + 1)) == [("", "too_many_blocks")]


def test_the_size_of_blocks_is_limited():
    assert findings_of([Text("é" * 10_000)] * (MAX_BYTES // 20_000 + 1)) == [("", "too_large")]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "text", "entries", "fields", "rows", "columns", "action"]),
                inner | st.sampled_from(list(block_rules.BLOCK_TYPES)),
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_nothing_but_findings_comes_of_any_data(data):
    with pytest.raises(InvalidBlocks):
        validate_blocks([data, {"type": "never"}])


def test_a_cell_may_be_a_link():
    [table] = validate_blocks([Table(["Lead"], [[Link("Ada", "/leads/lead_1")]])])
    assert table["rows"] == [[{"type": "link", "text": "Ada", "href": "/leads/lead_1"}]]
