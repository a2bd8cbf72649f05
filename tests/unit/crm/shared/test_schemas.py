from typing import Any

import pytest

from geminicrm.crm.activities.schemas import ActivityInput
from geminicrm.crm.companies.schemas import CompanyInput
from geminicrm.crm.deals.schemas import DealInput
from geminicrm.crm.leads.schemas import LeadInput
from geminicrm.crm.shared.schemas import Input, inside, needs_any, parse
from geminicrm.kernel.errors import Finding, ValidationFailed


def found(schema: type[Input], data: dict[str, Any], **more: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as caught:
        parse(schema, data, **more)
    return {finding.pointer: finding.code for finding in caught.value.findings}


def test_every_wrong_field_is_listed_with_the_unknown_ones_by_name():
    wrong = {"phone": 5, "tags": "x", "bogus": 1, "custom": [], "amount": 1.5, "status": "gone"}
    assert found(LeadInput, wrong, needs=needs_any("last_name", "company", "email")) == {
        "/phone": "not_text",
        "/tags": "not_a_list",
        "/bogus": "unknown_field",
        "/custom": "not_an_object",
        "/amount": "not_an_amount",
        "/status": "unknown_value",
        "/last_name": "required",
    }


@pytest.mark.parametrize(
    ("schema", "data", "pointer", "code"),
    [
        (LeadInput, {"email": "nobody"}, "/email", "invalid_email"),
        (LeadInput, {"email": "a@b.example" + "e" * 254}, "/email", "too_long"),
        (LeadInput, {"currency": "XXX"}, "/currency", "unknown_currency"),
        (LeadInput, {"amount": True}, "/amount", "not_an_amount"),
        (LeadInput, {"phone": "1\x002"}, "/phone", "bad_character"),
        (LeadInput, {"phone": "1" * 41}, "/phone", "too_long"),
        (LeadInput, {"tags": ["x"] * 51}, "/tags", "too_many"),
        (LeadInput, {"tags": [1]}, "/tags/0", "not_text"),
        (LeadInput, {"custom": {"a": "\x00"}}, "/custom", "not_json"),
        (LeadInput, {"custom": {"a\x00": 1}}, "/custom", "not_json"),
        (LeadInput, {"custom": {"a": 2**53}}, "/custom", "not_json"),
        (LeadInput, {"custom": {"a": object()}}, "/custom", "not_json"),
        (LeadInput, {"custom": {"a": [0] * 2000}}, "/custom", "too_large"),
        (LeadInput, {"custom": {"a": [[[[[[[[1]]]]]]]]}}, "/custom", "too_deep"),
        (CompanyInput, {"name": ""}, "/name", "too_short"),
        (CompanyInput, {"name": None}, "/name", "not_text"),
        (CompanyInput, {"name": "A", "size": True}, "/size", "not_text"),
        (DealInput, {"expected_close_on": "tomorrow"}, "/expected_close_on", "not_a_date"),
        (DealInput, {"expected_close_on": 5}, "/expected_close_on", "not_a_date"),
        (ActivityInput, {"due_at": "2026-11-21T08:00:00"}, "/due_at", "not_an_instant"),
        (ActivityInput, {"due_at": 5}, "/due_at", "not_an_instant"),
        (ActivityInput, {"due_at": "0001-01-01T00:00:00+14:00"}, "/due_at", "not_an_instant"),
        (LeadInput, {"a/b~": 1}, "/a~1b~0", "unknown_field"),
    ],
)
def test_a_wrong_value_is_told(schema: type[Input], data: dict[str, Any], pointer: str, code: str):
    assert found(schema, data) == {pointer: code}


def test_text_is_stripped_and_blank_means_none():
    given = {"first_name": "  Ada ", "last_name": " ", "email": "", "currency": "eur", "amount": ""}
    assert parse(LeadInput, given) == {
        "first_name": "Ada",
        "last_name": None,
        "email": None,
        "currency": "EUR",
        "amount": None,
    }


def test_only_what_was_sent_comes_back():
    assert parse(LeadInput, {}) == {}
    given = {"tags": ["a", "b", "a", ""], "custom": {"x": [1, 2.5, True, None, {"y": "z"}]}}
    assert parse(LeadInput, given) == {**given, "tags": ["a", "b"]}


def test_a_name_fills_what_is_not_sent():
    assert parse(LeadInput, {"name": "Ada Lovelace"}) == {
        "first_name": "Ada",
        "last_name": "Lovelace",
    }
    assert parse(LeadInput, {"name": "Ada Lovelace", "last_name": "King"})["last_name"] == "King"
    assert parse(LeadInput, {"name": ""}) == {}


def test_instants_and_dates_become_python_values():
    assert str(parse(ActivityInput, {"due_at": "2026-11-21T09:00:00+01:00"})["due_at"]) == (
        "2026-11-21 08:00:00+00:00"
    )
    assert str(parse(DealInput, {"expected_close_on": "2026-12-01"})["expected_close_on"]) == (
        "2026-12-01"
    )
    cleared = {"due_at": None, "done_at": ""}
    assert parse(ActivityInput, cleared) == {"due_at": None, "done_at": None}
    assert parse(DealInput, {"expected_close_on": None}) == {"expected_close_on": None}


def test_a_company_size_may_be_a_number():
    assert parse(CompanyInput, {"size": 50}) == {"size": "50"}


def test_findings_point_below_where_they_were_found():
    with pytest.raises(ValidationFailed) as caught, inside("/deal"):
        raise ValidationFailed([Finding("/name", "required", "Give it.")])
    assert caught.value.findings[0].pointer == "/deal/name"
