"""A sync with HubSpot's own description: a thousand go out and come in by the hundred."""

import json

import pytest

from geminicrm.crm.shared.listing import ListQuery
from geminicrm.syncing.choosing import Choice
from geminicrm.syncing.status import facts, state
from tests.support.connecting import connect
from tests.support.working import Hands

MANY = 1000
PAGE = 100
AT = "2026-01-15T10:00:00Z"
BATCH = {"status": "COMPLETE", "startedAt": AT, "completedAt": AT}
NOTHING = {"total": 0, "results": []}


@pytest.fixture
def hubspot(open_built_in, vendors):
    made = open_built_in("hubspot")
    via = connect(made, access_token="pat-eu1-north", base_url=vendors.base_url("hubspot"))
    made.core.runtime.reconcile()
    return made, via


@pytest.fixture
def sync(hubspot):
    """Give a function that switches the sync on and does the first one."""
    made, via = hubspot
    core = made.core
    hands = Hands(core, core.sinks(), core.kinds())

    def sync(**choice):
        hands.work()  # else some are marked while others are being sent, in uneven batches
        with core.works.write(made.tenant.owner()) as work:
            core.syncing.change(work, via, Choice(enabled=True, kinds=["contact"], **choice))
        hands.work()
        with core.works.read(made.tenant.owner()) as work:
            return state(work, via), facts(work)[via]

    yield sync
    hands.close()


def record(at, **more):
    properties = {"email": f"p{at}@x.example", "lastname": f"P{at}", "lastmodifieddate": AT}
    return {
        "id": str(9000 + at), "properties": properties, "createdAt": AT, "updatedAt": AT, **more
    }  # fmt: skip


def upserted(begin):
    """Answer an upsert of the hundred from `begin` on."""
    results = [
        record(begin + at, new=True, objectWriteTraceId=f"geminicrm-item-{at}")
        for at in range(PAGE)
    ]
    return {**BATCH, "results": results}


def test_a_thousand_go_out_in_a_twentieth_of_the_requests(hubspot, sync, vendors):
    made, _via = hubspot
    items = [{"last_name": f"P{at}", "email": f"p{at}@x.example"} for at in range(MANY)]
    for at in range(0, MANY, PAGE):
        made.core.crm.contacts.create_many(made.tenant.owner(), items[at : at + PAGE])
    answers = [one for at in range(0, MANY, PAGE) for one in (NOTHING, upserted(at))]
    vendors.prepare("hubspot", NOTHING, path="/crm/v3/owners/")
    vendors.prepare("hubspot", NOTHING, NOTHING, *answers, path="/crm/v3/objects/")
    found, told = sync()
    log = vendors.log("hubspot")
    assert len(log) <= MANY // 20
    assert vendors.judge("hubspot", log) == []
    sent = [json.loads(one["body"]) for one in log if one["path"].endswith("/batch/upsert")]
    emails = {one["id"] for body in sent for one in body["inputs"]}
    assert emails == {one["email"] for one in items}
    assert (found["counts"]["contact"]["out"], found["counts"]["contact"]["linked"]) == (MANY, MANY)
    assert (told.went_out, told.came_in, told.error) == (MANY, 0, None)


def test_a_thousand_come_in(hubspot, sync, vendors):
    made, _via = hubspot
    pages = [
        {
            "total": MANY - at,
            "results": [record(one) for one in range(at, at + PAGE)],
            "paging": {"next": {"after": str(PAGE)}},
        }
        for at in range(0, MANY, PAGE)
    ]
    vendors.prepare("hubspot", NOTHING, path="/crm/v3/owners/")
    vendors.prepare("hubspot", *pages, NOTHING, NOTHING, path="/crm/v3/objects/")
    found, told = sync(direction="in")
    assert found["error"] is None
    assert told.came_in == MANY
    log = vendors.log("hubspot")
    assert len(log) <= MANY // 20
    assert vendors.judge("hubspot", log) == []
    query = ListQuery(filters={"email": "p999@x.example"})
    (last,) = made.core.crm.contacts.list(made.tenant.owner(), query).data
    assert last["last_name"] == "P999"


def test_what_is_asked_is_as_hubspot_describes_it(hubspot, sync, vendors):
    made, _via = hubspot
    made.core.crm.contacts.create(made.tenant.owner(), {"last_name": "P", "email": "p@x.example"})
    sync(direction="out")
    log = vendors.log("hubspot")
    assert {one["verdict"] for one in log} == {"accepted"}
    assert {one["path"].rpartition("/contacts")[2] for one in log} >= {"/search"}
