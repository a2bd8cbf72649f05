"""Which events a filter lets through, and which filters are refused."""

import pytest

from geminicrm.webhooks.outgoing.filters import MOST, passes, wrong_filter

EVENT = {
    "id": "evt_1",
    "type": "lead.updated",
    "schema_version": 1,
    "object_version": 3,
    "timestamp": "2026-11-21T09:00:00.000000Z",
    "workspace_id": "ws_1",
    "data": {
        "email": "ada@example.com",
        "amount": "1250.50",
        "version": 3,
        "warm": True,
        "owner_id": None,
        "tags": ["warm", "vip"],
        "custom": {"region": {"code": "EU"}},
        "changed_fields": ["email"],
    },
}


def condition(path, op, *value):
    return {"path": path, "op": op, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize(
    ("path", "op", "value"),
    [
        ("type", "eq", "lead.updated"),
        ("data.custom.region.code", "eq", "EU"),
        ("data.tags.1", "eq", "vip"),
        ("data.owner_id", "eq", None),
        ("data.nothing", "eq", None),
        ("data.version", "eq", 3.0),
        ("data.warm", "eq", True),
        ("data.version", "ne", True),
        ("data.nothing", "ne", "x"),
        ("data.amount", "gt", 1250),
        ("data.amount", "gte", 1250.5),
        ("data.amount", "lt", 9000),
        ("data.amount", "lte", 1250.5),
        ("timestamp", "gt", "2026-01-01"),
        ("data.email", "in", ["x", "ada@example.com"]),
        ("data.email", "contains", "@example"),
        ("data.tags", "contains", "vip"),
        ("data.owner_id", "exists", True),
        ("data.nothing", "exists", False),
    ],
)
def test_what_meets_a_condition_passes(path, op, value):
    assert wrong_filter([condition(path, op, value)], []) == []
    assert passes([condition(path, op, value)], EVENT)


@pytest.mark.parametrize(
    ("path", "op", "value"),
    [
        ("data.version", "eq", "3"),
        ("data.warm", "eq", 1),
        ("data.email", "gt", 5),
        ("data.warm", "gt", 0),
        ("data.version", "gt", "2"),
        ("data.nothing", "lt", 5),
        ("data.email.deeper", "eq", "x"),
        ("data.tags.7", "eq", "vip"),
        ("data.tags", "contains", "v"),
        ("data.version", "contains", "3"),
        ("data.nothing", "exists", True),
        ("data.amount", "in", [1250.5]),
    ],
)
def test_what_does_not_meet_it_does_not(path, op, value):
    assert not passes([condition(path, op, value)], EVENT)


def test_a_change_is_told_by_the_names_of_changed_fields():
    assert passes([condition("data.email", "changed")], EVENT)
    assert not passes([condition("data.amount", "changed")], EVENT)
    assert not passes([condition("data.email", "changed")], {"data": {"email": "x"}})


def test_every_condition_has_to_be_met():
    met, unmet = condition("data.version", "eq", 3), condition("data.version", "eq", 4)
    assert passes([], EVENT)
    assert passes([met, met], EVENT)
    assert not passes([met, unmet], EVENT)


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"path": "data.email"}, "/filter/0", "not_a_condition"),
        ("data.email", "/filter/0", "not_a_condition"),
        ({**condition("data.email", "eq", 1), "more": 1}, "/filter/0", "not_a_condition"),
        (condition("data..email", "eq", 1), "/filter/0/path", "bad_path"),
        (condition("data.mail", "eq", 1), "/filter/0/path", "bad_path"),
        (condition("email", "eq", 1), "/filter/0/path", "bad_path"),
        (condition(7, "eq", 1), "/filter/0/path", "bad_path"),
        (condition("data.email", "like", 1), "/filter/0/op", "unknown_value"),
        (condition("data.email", ["eq"], 1), "/filter/0/op", "unknown_value"),
        (condition("data.email", "eq"), "/filter/0/value", "bad_value"),
        (condition("data.email", "eq", {"a": 1}), "/filter/0/value", "bad_value"),
        (condition("data.email", "eq", "x" * 501), "/filter/0/value", "bad_value"),
        (condition("data.email", "gt", *[True]), "/filter/0/value", "bad_value"),
        (condition("data.email", "lt", None), "/filter/0/value", "bad_value"),
        (condition("data.email", "in", []), "/filter/0/value", "bad_value"),
        (condition("data.email", "in", "abc"), "/filter/0/value", "bad_value"),
        (condition("data.email", "exists", "yes"), "/filter/0/value", "bad_value"),
        (condition("data.email", "changed", *[True]), "/filter/0/value", "bad_value"),
        (condition("type", "changed"), "/filter/0/value", "bad_value"),
    ],
)
def test_a_wrong_condition_is_told_with_its_place(wrong, pointer, code):
    assert [(one.pointer, one.code) for one in wrong_filter([wrong], [EVENT])] == [(pointer, code)]


@pytest.mark.parametrize("wrong", [{"path": "id"}, [condition("id", "eq", "x")] * (MOST + 1)])
def test_a_filter_is_a_list_that_has_an_end(wrong):
    assert [one.code for one in wrong_filter(wrong, [])] == ["not_a_filter"]
