"""What mappings and templates make of events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.webhooks.outgoing.shaping import MOST_BYTES, Shaping, key_of, render, wanted

EVENT = {
    "id": "evt_1",
    "type": "lead.created",
    "schema_version": 1,
    "object_version": 1,
    "timestamp": "2026-11-21T09:00:00.000000Z",
    "workspace_id": "ws_1",
    "data": {
        "id": "lead_1",
        "email": "ada@example.com",
        "first_name": 'Ada "the\\first" \n Überwelt ☃',
        "amount": None,
        "tags": ["warm", "vip"],
        "custom": {"region": {"code": "EU"}},
    },
}
ZAPIER = {
    "event_type": "type",
    "contact": "data",
    "metadata.source": {"value": "geminicrm"},
    "metadata.timestamp": "timestamp",
}
MAKE = {"trigger": "type", "data": "data", "timestamp": "timestamp"}


def shape(**parts):
    return Shaping(**parts).stored()


def sent(event=EVENT, **parts):
    return json.loads(render(shape(**parts), event))


def codes(samples=(EVENT,), **parts):
    return [(one.pointer, one.code) for one in Shaping(**parts).findings(list(samples))]


def test_without_a_shape_the_event_goes_out_as_it_is():
    assert json.loads(render(None, EVENT)) == EVENT
    assert key_of(None) == key_of(shape()) == ""
    assert wanted(None, EVENT)


def test_the_form_of_zapier_can_be_expressed():
    assert codes(mapping=ZAPIER) == []
    assert sent(mapping=ZAPIER) == {
        "event_type": "lead.created",
        "contact": EVENT["data"],
        "metadata": {"source": "geminicrm", "timestamp": EVENT["timestamp"]},
    }


def test_the_form_of_make_can_be_expressed():
    assert codes(mapping=MAKE) == []
    assert sent(mapping=MAKE) == {
        "trigger": "lead.created",
        "data": EVENT["data"],
        "timestamp": EVENT["timestamp"],
    }


def test_what_an_event_lacks_is_null():
    assert sent(mapping={"a.b": "data.custom.nothing"}) == {"a": {"b": None}}
    assert sent(template='{"a": {{ data.custom.nothing }}, "b": "<{{ data.amount }}>"}') == {
        "a": None,
        "b": "<>",
    }


def test_a_template_fills_strings_and_values():
    text = (
        '{"text": "New: {{data.first_name}} \\" <{{ data.tags.0 }}> {{ data.tags }}", '
        '"all": {{ data }}, "n": {{ object_version }}, "said": "{{ object_version }}"}'
    )
    assert codes(template=text) == []
    assert sent(template=text) == {
        "text": f'New: {EVENT["data"]["first_name"]} " <warm> ["warm","vip"]',
        "all": EVENT["data"],
        "n": 1,
        "said": "1",
    }


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_no_value_breaks_a_template(value):
    event = {**EVENT, "data": {"email": value}}
    text = '{"in": "\\\\{{ data.email }}\\"", "as": {{ data.email }}}'
    filled = sent(event, template=text)
    assert filled["as"] == value
    assert filled["in"].startswith("\\")
    assert filled["in"].endswith('"')


@pytest.mark.parametrize(
    "text",
    [
        "{{ data.email }",
        '{"a": {{ data.email }}',
        '{"a": "\\{{ data.email }}n"}',
        '{"a": "\\u{{ data.email }}0041"}',
        '{"a": 1{{ object_version }}}',
        '{"a": -{{ object_version }}}',
        '{"a": {{ data.email }}{{ data.email }}}',
        "{{{ data.email }}: 1}",
        "hello {{ data.email }}",
    ],
)
def test_a_template_that_is_no_json_is_refused(text):
    assert codes(template=text) in ([("/template", "not_json")], [("/template", "bad_path")])


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7 * 7 }}",
        "{{ data.__class__ }}",
        "{{ self }}",
        "{{ data['email'] }}",
        "{{ data.email | upper }}",
        "{{}}",
        '{"a": "{{ config }}"}',
    ],
)
def test_nothing_in_a_template_is_run(text):
    assert codes(template=text) == [("/template", "bad_path")]


@pytest.mark.parametrize("text", [" ", "1" * 65_537])
def test_a_template_is_a_text_that_has_an_end(text):
    assert codes(template=text) == [("/template", "bad_template")]


@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [
        ({"a..b": "type"}, "/mapping/a..b"),
        ({"a/b": "type"}, "/mapping/a~1b"),
        ({"a": "type", "a.b": "type"}, "/mapping/a.b"),
        ({"a": "data.mail"}, "/mapping/a"),
        ({"a": 7}, "/mapping/a"),
        ({"a": {"values": 7}}, "/mapping/a"),
        ({"a": {"value": "x" * 5000}}, "/mapping/a"),
    ],
)
def test_a_wrong_mapping_is_told_with_its_place(mapping, pointer):
    assert codes(mapping=mapping) == [(pointer, "bad_mapping")]


def test_a_mapping_has_an_end():
    many = {f"a{number}": "type" for number in range(101)}
    assert codes(mapping=many) == [("/mapping", "not_a_mapping")]


def test_a_mapping_and_a_template_exclude_each_other():
    assert codes(mapping=MAKE, template="{{ data }}") == [("/template", "not_both")]


def test_endpoints_that_differ_by_their_filter_alone_share_bytes():
    only = [{"path": "type", "op": "eq", "value": "lead.created"}]
    assert key_of(shape(mapping=MAKE, filter=only)) == key_of(shape(mapping=MAKE)) != ""
    assert key_of(shape(filter=only)) == ""
    assert key_of(shape(template="{{ data }}")) != key_of(shape(template="{{ id }}"))
    assert len(key_of(shape(mapping=MAKE))) <= 64


def test_a_filter_decides_what_is_wanted():
    only = [{"path": "data.email", "op": "contains", "value": "@example.com"}]
    assert wanted(shape(filter=only), EVENT)
    assert not wanted(shape(filter=only), {**EVENT, "data": {}})


@pytest.mark.parametrize(
    "parts",
    [
        {"mapping": {"a": "data", "b": "data"}},
        {"template": '[{{ data }}, "{{ data }}"]'},
    ],
)
def test_what_becomes_too_large_is_sent_thin(parts):
    large = {**EVENT, "data": {"id": "lead_1", "note": "é" * (MOST_BYTES // 4)}}
    thin = sent(large, **parts)
    assert {thin[name] for name in ("id", "type", "object_id")} == {
        "evt_1",
        "lead.created",
        "lead_1",
    }
    assert thin["error"]["code"] == "too_large"
    assert [code for _pointer, code in codes([large], **parts)] == ["too_large"]


def test_an_event_as_it_is_may_be_larger():
    large = {**EVENT, "data": {"id": "lead_1", "note": "é" * MOST_BYTES}}
    assert json.loads(render(None, large)) == large


def test_the_same_event_gives_the_same_bytes():
    assert render(shape(mapping=ZAPIER), EVENT) == render(shape(mapping=dict(ZAPIER)), EVENT)
