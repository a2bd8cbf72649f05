"""HubSpot by its own description: every operation is accepted, no fault makes a second record."""

import json

import pytest

from extensions.sdk.capabilities.calling import operations_of
from extensions.sdk.capabilities.crm_sync import Change, Link
from extensions.sdk.service_errors import ServiceError
from tests.support.connecting import ask, connect
from tests.support.crm_sync_samples import reading, writing
from tests.support.waiting import eventually

KINDS = {"contact": "contacts", "company": "companies", "deal": "deals"}
IDS = {"contacts": "contactId", "companies": "companyId", "deals": "dealId"}
MANY = 50
OBJECT = {"createdAt": "2026-01-15T10:00:00Z", "updatedAt": "2026-01-15T10:00:00.250Z"}
BATCH = {
    "status": "COMPLETE",
    "startedAt": "2026-01-15T10:00:00Z",
    "completedAt": "2026-01-15T10:00:00Z",
}
ROW = {
    "GET /crm/v3/owners/",
    "GET /crm/v3/pipelines/{objectType}",
    "GET /crm/v3/properties/{objectType}",
    "POST /crm/v3/properties/{objectType}",
    "POST /crm/v4/associations/{fromObjectType}/{toObjectType}/batch/archive",
    "POST /crm/v4/associations/{fromObjectType}/{toObjectType}/batch/associate/default",
    "POST /crm/v4/associations/{fromObjectType}/{toObjectType}/batch/read",
} | {
    f"{method} /crm/v3/objects/{plural}{rest}"
    for plural, name in IDS.items()
    for method, rest in (
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{{{name}}}"),
        ("PATCH", f"/{{{name}}}"),
        ("DELETE", f"/{{{name}}}"),
        ("POST", "/search"),
        ("POST", "/batch/read"),
        ("POST", "/batch/create"),
        ("POST", "/batch/update"),
        ("POST", "/batch/upsert"),
        ("POST", "/batch/archive"),
    )
}


@pytest.fixture
def hubspot(open_built_in):
    return open_built_in("hubspot")


@pytest.fixture
def connected(hubspot, vendors):
    """Give what connects once more: what failed on one connection is no matter of the next."""
    given = {"access_token": "pat-eu1-north", "base_url": vendors.base_url("hubspot")}
    return lambda: connect(hubspot, **given)


@pytest.fixture
def via(connected):
    return connected()


def failure_of(hubspot, via, operation, **given):
    with pytest.raises(ServiceError) as caught:
        ask(hubspot, "crm_sync", operation, via=via, **given)
    return type(caught.value).__name__, caught.value.accepted


def made(at, **more):
    return {**OBJECT, "id": str(at), "properties": {}, **more}


def test_every_operation_of_the_contract_has_a_sample():
    assert {*reading("deal"), *writing("deal")} == set(operations_of("crm_sync"))


@pytest.mark.parametrize("way", ["in-process", "sandboxed"])
def test_every_operation_is_what_hubspot_describes(hubspot, via, vendors):
    account = ask(hubspot, "connection", "test_connection", via=via)
    for kind in KINDS:
        for operation, given in {**reading(kind), **writing(kind)}.items():
            ask(hubspot, "crm_sync", operation, via=via, **given)
    log = vendors.log("hubspot")
    assert [(one["path"], one["errors"]) for one in log if one["verdict"] != "accepted"] == []
    assert vendors.exercised("hubspot") == ROW
    assert (account.label, account.missing) == ("HubSpot", ())


def test_a_hundred_are_one_request_and_a_batch_may_fail_in_part(hubspot, via, vendors):
    results = [made(900 + at, objectWriteTraceId=f"geminicrm-item-{at}") for at in range(99)]
    error = {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "message": "Email address x is invalid",
        "context": {"objectWriteTraceId": ["geminicrm-item-99"]},
    }
    vendors.prepare(
        "hubspot", {**BATCH, "results": results, "numErrors": 1, "errors": [error]}, status=207
    )
    items = tuple({"email": f"p{at}@example.com"} for at in range(100))
    result = ask(hubspot, "crm_sync", "create_many", via=via, kind="contact", items=items)
    assert [(one.index, one.id) for one in result.done] == [(at, str(900 + at)) for at in range(99)]
    (failed,) = result.failed
    assert (failed.index, failed.code, failed.unknown) == (99, "VALIDATION_ERROR", False)
    assert len(vendors.log("hubspot")) == 1


def test_one_bad_item_spoils_no_other(hubspot, via, vendors):
    refusal = {"status": "error", "category": "VALIDATION_ERROR", "message": "not valid"}
    vendors.fault("hubspot", status=400, body=refusal)
    good = {**BATCH, "results": [made(7, objectWriteTraceId="geminicrm-item-0")]}
    vendors.prepare("hubspot", good, status=201)
    vendors.fault("hubspot", status=400, body=refusal)
    items = ({"email": "ana@example.com"}, {"email": "nonsense"})
    result = ask(hubspot, "crm_sync", "create_many", via=via, kind="contact", items=items)
    assert [(one.index, one.id) for one in result.done] == [(0, "7")]
    assert [(one.index, one.code) for one in result.failed] == [(1, "VALIDATION_ERROR")]


def test_companies_are_upserted_by_their_domain(hubspot, via, vendors):
    found = {"total": 1, "results": [made(5, properties={"domain": "old.example"})]}
    updated = {**BATCH, "results": [made(5)]}
    created = {**BATCH, "results": [made(6, properties={"domain": "new.example", "name": "New"})]}
    vendors.prepare("hubspot", found, updated, created)
    changes = (
        Change(id="Old.example", values={"name": "Old"}),
        Change(id="new.example", values={"name": "New"}),
        Change(id="NEW.example", values={"name": "Again"}),
    )
    given = {"kind": "company", "changes": changes, "by": "domain"}
    result = ask(hubspot, "crm_sync", "upsert_many", via=via, **given)
    assert [(one.index, one.id, one.created) for one in result.done] == [
        (0, "5", False),
        (1, "6", True),
    ]
    assert [(one.index, one.code) for one in result.failed] == [(2, "repeated")]
    bodies = [json.loads(one["body"])["inputs"] for one in vendors.log("hubspot")[1:]]
    assert [one["id"] for one in bodies[0]] == ["5"]
    assert [one["properties"]["domain"] for one in bodies[1]] == ["new.example"]


def test_what_is_archived_is_paged_to_its_end(hubspot, via, vendors):
    pages = (
        {"results": [made(1, archived=True)], "paging": {"next": {"after": "1"}}},
        {"results": []},
    )
    vendors.prepare("hubspot", *pages)
    given = {"kind": "deal", "properties": ("dealname",)}
    first = ask(hubspot, "crm_sync", "archived", via=via, **given)
    last = ask(hubspot, "crm_sync", "archived", via=via, **given, cursor=first.cursor)
    assert ([one.archived for one in first.records], first.more) == ([True], True)
    assert (last.records, last.more) == ((), False)


def test_links_of_a_record_with_many_are_read_to_their_end(hubspot, via, vendors):
    def linked(*others, **more):
        to = [{"toObjectId": one, "associationTypes": []} for one in others]
        return {**BATCH, "results": [{"from": {"id": "1"}, "to": to, **more}]}

    vendors.prepare("hubspot", linked("7", paging={"next": {"after": "7"}}), linked("8"))
    given = {"from_kind": "contact", "to_kind": "deal", "ids": ("1",)}
    found = ask(hubspot, "crm_sync", "links", via=via, **given)
    assert found == (Link(from_id="1", to_id="7"), Link(from_id="1", to_id="8"))
    again = json.loads(vendors.log("hubspot")[-1]["body"])
    assert again == {"inputs": [{"id": "1", "after": "7"}]}


@pytest.mark.parametrize("way", ["in-process", "sandboxed"])
def test_faults_end_in_typed_errors_and_never_in_a_second_record(hubspot, connected, vendors):
    create = {"kind": "contact", "values": {"email": "ana@example.com"}}
    faults = {
        "too many": {"status": 429, "headers": {"Retry-After": "0"}},
        "down": {"status": 500},
        "locked": {"status": 423},
        "no JSON": {"status": 201, "body": "<html>"},
        "dropped": {"drop": True},
        "exists": {"status": 409, "body": {"category": "CONFLICT", "message": "exists"}},
        "no right": {"status": 403},
        "key refused": {"status": 401},
    }
    found = {}
    for name, fault in faults.items():
        vendors.fault("hubspot", times=MANY, **fault)
        found[name] = failure_of(hubspot, connected(), "create", **create)
        assert len(vendors.log("hubspot")) == 1
        vendors.forget()
    assert found == {
        "too many": ("RateLimited", "no"),
        "down": ("OutcomeUnknown", "unknown"),
        "locked": ("ServiceUnavailable", "no"),
        "no JSON": ("OutcomeUnknown", "unknown"),
        "dropped": ("OutcomeUnknown", "unknown"),
        "exists": ("ServiceRefused", "no"),
        "no right": ("AccessDenied", "no"),
        "key refused": ("AuthenticationError", "no"),
    }


def test_a_new_record_is_not_sent_again_after_a_hang(hubspot, via, vendors, monkeypatch):
    monkeypatch.setattr("geminicrm.runtime.http_request.LONGEST_SECONDS", 0.2)
    vendors.fault("hubspot", delay_s=1, times=MANY)
    create = {"kind": "contact", "values": {"email": "ana@example.com"}}
    assert failure_of(hubspot, via, "create", **create) == ("OutcomeUnknown", "unknown")
    assert len(eventually(lambda: vendors.log("hubspot"))) == 1


def test_what_may_be_done_twice_is_no_riddle_after_a_lost_answer(hubspot, via, vendors):
    vendors.fault("hubspot", drop=True, times=MANY)
    change = {"kind": "deal", "change": Change(id="1", values={"dealname": "x"})}
    assert failure_of(hubspot, via, "update", **change) == ("ServiceUnavailable", "unknown")
    assert failure_of(hubspot, via, "owners") == ("ServiceUnavailable", "no")


def test_rights_that_lack_are_named(hubspot, via, vendors):
    vendors.fault("hubspot", status=403, path="deals")
    account = ask(hubspot, "connection", "test_connection", via=via)
    assert account.missing == ("crm.objects.deals.read",)


def test_a_token_that_was_taken_back_needs_another(hubspot, via, vendors):
    vendors.fault("hubspot", status=401, revoke=True)
    first = failure_of(hubspot, via, "owners")
    second = failure_of(hubspot, via, "owners")
    assert first == second == ("AuthenticationError", "no")
