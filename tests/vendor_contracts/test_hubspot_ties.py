"""Links, owners and two editors at once, each request judged by HubSpot's own description."""

import json

import pytest

from geminicrm.identity.people import create_user
from geminicrm.syncing.choosing import Choice
from geminicrm.syncing.status import beside, state
from tests.support.connecting import connect
from tests.support.core import PASSWORD
from tests.support.hubspot_answers import BATCH, NOTHING, OWNERS, found, linked, record
from tests.support.working import Hands

SEARCH, READ = "/crm/v3/objects/{}/search", "/crm/v3/objects/{}/batch/read"
LINKS = "/crm/v4/associations/{}/{}/batch/{}"
COMPANY = record("70", name="Engines", domain="engines.example")
CONTACT = record("9", lastname="Lovelace", email="ada@engines.example", hubspot_owner_id="41")


@pytest.fixture
def sync(open_built_in, vendors):
    """Give a function that answers as prepared, by path, and does one sync."""
    made = open_built_in("hubspot")
    via = connect(made, access_token="pat-eu1-north", base_url=vendors.base_url("hubspot"))
    made.core.runtime.reconcile()
    core = made.core
    with core.works.across_workspaces("test: a user", write=True) as work:
        ann = create_user(work, made.tenant.id, "ann@x.example", "member", PASSWORD).id
    hands = Hands(core, core.sinks(), core.kinds())

    def sync(*answers, **choice):
        hands.work()
        vendors.forget()
        # What is not prepared by a path of its own is answered with nothing.
        for path, body in answers:
            vendors.prepare("hubspot", body, path=path)
        for kind in ("companies", "contacts", "deals"):
            vendors.prepare("hubspot", NOTHING, times=9, path=SEARCH.format(kind))
        vendors.prepare("hubspot", OWNERS, path="/crm/v3/owners/")
        with core.works.write(made.tenant.owner()) as work:
            core.syncing.change(work, via, Choice(enabled=True, **choice))
            core.syncing.run(work, via)
        hands.work()
        log = vendors.log("hubspot")
        assert vendors.judge("hubspot", log) == []
        with core.works.read(made.tenant.owner()) as work:
            assert state(work, via)["error"] is None
        return log

    sync.made, sync.ann = made, ann
    yield sync
    hands.close()


def sent(log, ending):
    return [json.loads(one["body"]) for one in log if one["path"].endswith(ending)]


def one_of(sync, kind):
    (only,) = sync.made.core.crm.records[kind].list(sync.made.tenant.owner()).data
    return only


def come_in(sync):
    """Have a contact of theirs come in with their company and their owner."""
    return sync(
        (SEARCH.format("companies"), found(COMPANY)),
        (SEARCH.format("contacts"), found(CONTACT)),
        (LINKS.format("contacts", "companies", "read"), linked("9", "70", primary=1)),
        kinds=["company", "contact"],
    )


def test_a_contact_comes_in_with_company_and_owner(sync):
    log = come_in(sync)
    contact = one_of(sync, "contact")
    assert contact["company_id"] == one_of(sync, "company")["id"]
    assert contact["owner_id"] == sync.ann
    assert sent(log, "/contacts/companies/batch/read") == [{"inputs": [{"id": "9"}]}]
    assert [one for one in log if one["path"].endswith(("/create", "/default"))] == []


def test_ours_go_out_in_one_batch_of_each(sync):
    core, owner = sync.made.core, sync.made.tenant.owner()
    values = {"name": "Engines", "domain": "engines.example"}
    company = core.crm.companies.create(owner, values)["id"]
    contact = {"last_name": "Lovelace", "email": "ada@engines.example"}
    core.crm.contacts.create(owner, {**contact, "company_id": company, "owner_id": sync.ann})
    made = {"objectWriteTraceId": "geminicrm-item-0"}
    log = sync(
        ("/crm/v3/objects/companies/batch/create", {**BATCH, "results": [COMPANY | made]}),
        (
            "/crm/v3/objects/contacts/batch/upsert",
            {**BATCH, "results": [{**CONTACT, **made, "new": True}]},
        ),
        (LINKS.format("contacts", "companies", "read"), {**BATCH, "results": []}),
        (
            LINKS.format("contacts", "companies", "create"),
            {
                **BATCH,
                "results": [
                    {
                        "fromObjectTypeId": "0-1",
                        "fromObjectId": "9",
                        "toObjectTypeId": "0-2",
                        "toObjectId": "70",
                        "labels": ["Primary"],
                    }
                ],
            },
        ),
        kinds=["company", "contact"],
    )
    (upserted,) = sent(log, "/contacts/batch/upsert")
    assert upserted["inputs"][0]["properties"]["hubspot_owner_id"] == "41"
    assert sent(log, "/contacts/companies/batch/create") == [
        {
            "inputs": [
                {
                    "from": {"id": "9"},
                    "to": {"id": "70"},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}],
                }
            ]
        }
    ]


def test_two_who_edit_at_once_lose_nothing(sync):
    come_in(sync)
    core, owner = sync.made.core, sync.made.tenant.owner()
    contact = one_of(sync, "contact")
    core.crm.contacts.update(owner, contact["id"], {"phone": "2", "title": "Countess"})
    edited = record(
        "9",
        lastname="King",
        email="ada@engines.example",
        phone="3",
        hubspot_owner_id="41",
        updated="2026-01-15T11:00:00Z",
    )
    log = sync(
        (SEARCH.format("contacts"), found(edited)),
        (READ.format("contacts"), {**BATCH, "results": [edited]}),
        (LINKS.format("contacts", "companies", "read"), linked("9", "70", primary=1)),
        conflicts="theirs",
    )
    after = one_of(sync, "contact")
    assert (after["last_name"], after["phone"], after["title"]) == ("King", "3", "Countess")
    (update,) = sent(log, "/contacts/batch/update")
    assert update["inputs"][0]["properties"] == {"jobtitle": "Countess"}
    with core.works.read(owner) as work:
        (link,) = beside(work, "contact", contact["id"])
    told = [link["conflict"][name] for name in ("field", "ours", "theirs", "winner")]
    assert told == ["phone", "2", "3", "theirs"]
