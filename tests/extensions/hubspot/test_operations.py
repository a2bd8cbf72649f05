"""What is asked of HubSpot and read of its answers, and how calls end that go wrong."""

from datetime import UTC, datetime

import pytest

from extensions.hubspot.client import Api
from extensions.hubspot.extension import HubSpot, HubSpotSync
from extensions.sdk.capabilities.crm_sync import Change, Condition, Link, Search
from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import HttpFailed
from extensions.sdk.service_errors import (
    AccessDenied,
    OutcomeUnknown,
    ServiceError,
    ServiceRefused,
    ServiceUnavailable,
)
from tests.support.calling_out import FarSide, app_with, said

STAMPS = {"createdAt": "2026-01-15T10:00:00Z", "updatedAt": "2026-01-15T10:00:00.250Z"}
SETTINGS = {"base_url": "https://api.hubspot.test/"}


@pytest.fixture
def far():
    return FarSide()


@pytest.fixture
def sync(far):
    return HubSpotSync(Api(app_with(far, SETTINGS)))


def made(at, **more):
    return {**STAMPS, "id": str(at), "properties": {}, **more}


def test_a_record_says_when_it_was_changed(sync, far):
    far.answers = [made(7, properties={"email": "ana@example.com", "phone": None})]
    found = sync.read("contact", "ana@example.com", ("email", "phone"), by="email")
    assert found.values == {"email": "ana@example.com", "phone": None}
    assert found.updated_at == datetime(2026, 1, 15, 10, 0, 0, 250_000, UTC)
    assert (found.version, found.archived) == ("2026-01-15T10:00:00.250Z", False)
    assert far.asked[0].url == (
        "https://api.hubspot.test/crm/v3/objects/contacts/ana%40example.com"
        "?properties=email%2Cphone&idProperty=email"
    )


@pytest.mark.parametrize("wrong", ["", " ", ".."])
def test_an_empty_id_never_becomes_the_list(sync, far, wrong):
    with pytest.raises(ServiceRefused, match="Give an id"):
        sync.archive("contact", wrong)
    assert far.asked == []


def test_more_than_a_hundred_are_refused_before_any_is_sent(sync, far):
    with pytest.raises(ServiceRefused, match="at most 100"):
        sync.create_many("contact", ({"email": "x"},) * 101)
    assert far.asked == []


def test_nothing_asked_is_nothing_sent(sync, far):
    assert sync.create_many("contact", ()) == sync.upsert_many("company", (), "domain")
    assert far.asked == []


def test_a_search_ends_where_hubspots_does(sync, far):
    with pytest.raises(ServiceRefused) as caught:
        sync.search("deal", Search(), cursor="9950")
    assert caught.value.service_code == "SEARCH_LIMIT"
    assert far.asked == []


def test_conditions_are_hubspots_filters(sync, far):
    far.answers = [{"results": [made(1)], "paging": {"next": {"after": "100"}}}]
    conditions = (
        Condition(name="amount", test="at_least", values=("10",)),
        Condition(name="domain", test="one_of", values=("A.example",)),
        Condition(name="email", test="is_set"),
    )
    page = sync.search("deal", Search(conditions=conditions, words="bakery"))
    asked = far.asked[0].json()
    assert asked["filterGroups"][0]["filters"] == [
        {"propertyName": "amount", "operator": "GTE", "value": "10"},
        {"propertyName": "domain", "operator": "IN", "values": ["a.example"]},
        {"propertyName": "email", "operator": "HAS_PROPERTY"},
    ]
    assert (asked["query"], asked["limit"], page.cursor, page.more) == ("bakery", 100, "100", True)


def test_those_that_are_not_there_are_told(sync, far):
    far.answers = [{"results": [made(1, properties={"email": "Ana@example.com"})]}]
    result = sync.read_many("contact", ("ana@example.com", "bo@example.com"), (), by="email")
    assert [(one.index, one.id) for one in result.done] == [(0, "1")]
    assert [(one.index, one.code) for one in result.failed] == [(1, "not_found")]


def test_updates_are_known_by_their_ids_where_there_is_no_trace(sync, far):
    far.answers = [{"results": [made(2), made(1)]}]
    changes = (Change(id="1", values={"a": "b"}), Change(id="2", values={"a": "c"}))
    result = sync.update_many("deal", changes)
    assert [(one.index, one.id) for one in result.done] == [(0, "1"), (1, "2")]


def test_new_records_are_known_by_their_values_where_there_is_no_trace(sync, far):
    far.answers = [{"results": [made(8, properties={"email": "b@x.example"}), made(9)]}]
    result = sync.create_many("contact", ({"email": "a@x.example"}, {"email": "B@x.example"}))
    assert [(one.index, one.id) for one in result.done] == [(1, "8")]
    assert [(one.index, one.code, one.unknown) for one in result.failed] == [(0, "no_answer", True)]


def test_an_error_that_names_no_item_is_that_of_all_that_are_left(sync, far):
    error = {"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["2"]}}
    other = {"category": "READ_ONLY", "message": "no"}
    far.answers = [said({"results": [made(1)], "errors": [other, error]}, 207)]
    result = sync.update_many("deal", tuple(Change(id=one, values={}) for one in "123"))
    assert [one.index for one in result.done] == [0]
    assert [(one.index, one.code, one.unknown) for one in result.failed] == [
        (1, "OBJECT_NOT_FOUND", False),
        (2, "READ_ONLY", False),
    ]


def test_what_is_lost_half_way_is_told_of_its_items_alone(sync, far):
    refusal = said({"category": "VALIDATION_ERROR", "message": "not valid"}, 400)
    first = {"results": [made(5, objectWriteTraceId="geminicrm-item-0")]}
    far.answers = [refusal, first, HttpFailed("gone")]
    result = sync.create_many("contact", ({"email": "a"}, {"email": "b"}))
    assert [one.index for one in result.done] == [0]
    assert [(one.index, one.code, one.unknown) for one in result.failed] == [
        (1, "outcome_unknown", True)
    ]


def test_links_that_are_not_made_are_told(sync, far):
    pair = {"from": {"id": "1"}, "to": {"id": "2"}}
    far.answers = [
        said({"results": [pair], "errors": [{"category": "LIMIT", "message": "x"}]}, 207)
    ]
    links = (Link(from_id="1", to_id="2"), Link(from_id="1", to_id="3"))
    result = sync.link("contact", "deal", links)
    assert [(one.index, one.id) for one in result.done] == [(0, "2")]
    assert [(one.index, one.code) for one in result.failed] == [(1, "LIMIT")]


def test_a_link_has_its_labels(sync, far):
    kinds = [{"label": None}, {"label": "Decision maker"}]
    one = {"from": {"id": 1}, "to": [{"toObjectId": 2, "associationTypes": kinds}]}
    far.answers = [{"results": [one]}]
    assert sync.links("contact", "deal", ("1",)) == (
        Link(from_id="1", to_id="2", labels=("Decision maker",)),
    )


@pytest.mark.parametrize(("kind", "number"), [("contact", 1), ("deal", 5)])
def test_the_primary_company_is_known_by_its_number(sync, far, kind, number):
    own = {"category": "USER_DEFINED", "typeId": number, "label": "Primary"}
    main = {"category": "HUBSPOT_DEFINED", "typeId": number, "label": "Hauptunternehmen"}
    to = [
        {"toObjectId": "2", "associationTypes": [own]},
        {"toObjectId": "3", "associationTypes": [main]},
    ]
    far.answers = [{"results": [{"from": {"id": "1"}, "to": to}]}]
    found = sync.links(kind, "company", ("1",))
    assert [(one.to_id, one.primary) for one in found] == [("2", False), ("3", True)]


def test_a_primary_company_is_linked_as_such_and_the_others_as_usual(sync, far):
    labelled = {"fromObjectId": "1", "toObjectId": "2", "labels": ["Primary"]}
    pair = {"from": {"id": "1"}, "to": {"id": "3"}}
    far.answers = [{"results": [labelled]}, {"results": [pair]}]
    links = (Link(from_id="1", to_id="3"), Link(from_id="1", to_id="2", primary=True))
    result = sync.link("contact", "company", links)
    assert ([(one.index, one.id) for one in result.done], result.failed) == (
        [(0, "3"), (1, "2")],
        (),
    )
    assert [one.url.rpartition("/batch/")[2] for one in far.asked] == [
        "create",
        "associate/default",
    ]
    assert far.asked[0].json()["inputs"][0]["types"] == [
        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}
    ]


def test_owners_are_read_to_the_end(sync, far):
    ana = {"id": "1", "email": "ana@x.example", "firstName": "Ana", "archived": False}
    bo = {"id": "2", "lastName": "Bo", "archived": True}
    far.answers = [{"results": [ana], "paging": {"next": {"after": "1"}}}, {"results": [bo]}]
    assert [(one.name, one.archived) for one in sync.owners()] == [("Ana", False), ("Bo", True)]
    assert [one.url.partition("?")[2] for one in far.asked] == ["limit=100", "limit=100&after=1"]


def test_pages_that_go_round_are_left(sync, far):
    page = {"results": [], "paging": {"next": {"after": "1"}}}
    far.answers = [page, page, page]
    with pytest.raises(ServiceUnavailable, match="again and again"):
        sync.owners()


def test_properties_have_types_that_others_have_too(sync, far):
    base = {"label": "L", "options": []}
    choice = {**base, "name": "a", "type": "enumeration", "options": [{"value": "x", "label": "X"}]}
    counted = {**base, "name": "b", "type": "number", "calculated": True}
    odd = {**base, "name": "c", "type": "phone_number", "hasUniqueValue": True}
    far.answers = [{"results": [choice, counted, odd]}]
    first, second, third = sync.properties("deal")
    assert (first.type, first.choices) == ("choice", {"x": "X"})
    assert (second.type, second.read_only) == ("number", True)
    assert (third.type, third.unique, third.read_only) == ("text", True, False)


def test_stages_stand_in_their_order(sync, far):
    stages = [
        {
            "id": "won",
            "label": "Won",
            "displayOrder": 2,
            "metadata": {"isClosed": "true", "probability": "1.0"},
        },
        {"id": "new", "label": "New", "displayOrder": 1, "metadata": {"probability": ""}},
    ]
    far.answers = [{"results": [{"id": "default", "label": "Sales", "stages": stages}]}]
    (pipeline,) = sync.pipelines()
    assert [(one.id, one.probability, one.closed) for one in pipeline.stages] == [
        ("new", None, False),
        ("won", 1.0, True),
    ]


@pytest.mark.parametrize(
    ("answer", "code", "wait"),
    [
        (said({"policyName": "DAILY"}, 429), "rate_limited", 3600),
        (said({"policyName": "SECONDLY"}, 429), "rate_limited", 1),
        (said({}, 429, retry_after="7"), "rate_limited", 7),
        (said([], 400), "service_refused", 0),
        (HttpResponse(502, {}, b"<html>"), "service_unavailable", 0),
        (said({"category": "OBJECT_NOT_FOUND"}, 404), "service_not_found", 0),
        (said({"results": {}}), "service_unavailable", 0),
    ],
)
def test_what_hubspot_says_no_with(sync, far, answer, code, wait):
    far.answers = [answer]
    with pytest.raises(ServiceError) as caught:
        sync.owners()
    assert (caught.value.code, caught.value.retry_after) == (code, wait)


def test_what_never_left_was_certainly_not_done(sync, far):
    far.answers = [HttpFailed("no route", sent=False), HttpFailed("gone", sent=True)]
    with pytest.raises(ServiceUnavailable) as unsent:
        sync.create("deal", {})
    with pytest.raises(OutcomeUnknown) as lost:
        sync.create("deal", {})
    assert (unsent.value.accepted, lost.value.accepted) == ("no", "unknown")


def test_credentials_that_may_read_nothing_are_no_connection(far):
    far.answers = [said({}, 403) for _ in range(4)]
    with pytest.raises(AccessDenied, match="read nothing"):
        HubSpot(app_with(far, SETTINGS)).test_connection()


def test_a_company_that_stands_in_several_is_the_oldest_one(sync, far):
    same = [made(at, properties={"domain": "X.example"}) for at in (3, 4)]
    pages = ({"results": same[:1], "paging": {"next": {"after": "100"}}}, {"results": same[1:]})
    far.answers = [*pages, {"results": [made(3)]}]
    changes = (Change(id="x.example", values={"name": "X"}),)
    result = sync.upsert_many("company", changes, "domain")
    assert [(one.id, one.created) for one in result.done] == [("3", False)]
    assert far.asked[2].json()["inputs"][0]["id"] == "3"


def test_companies_that_could_not_be_made_hide_none_that_were_changed(sync, far):
    known = {"results": [made(3, properties={"domain": "x.example"})]}
    far.answers = [known, {"results": [made(3)]}, HttpFailed("gone")]
    changes = tuple(Change(id=one, values={"name": one}) for one in ("x.example", "y.example"))
    result = sync.upsert_many("company", changes, "domain")
    assert [one.id for one in result.done] == ["3"]
    assert [(one.index, one.unknown) for one in result.failed] == [(1, True)]
