from geminicrm.crm.build import Crm
from geminicrm.kernel.work import Actor
from tests.support.core import Tenant


def test_search_finds_every_kind_that_may_be_read(crm: Crm, me: Actor, owner: Tenant):
    lead = crm.leads.create(me, {"name": "Ada Moss", "company": "Engines", "email": "a@x.example"})
    crm.companies.create(me, {"name": "Moss & Sons", "industry": "Garden"})
    crm.contacts.create(me, {"name": "Kate Moss", "title": "Founder"})
    crm.deals.create(me, {"name": "Moss removal", "amount": "5", "currency": "EUR"})
    crm.activities.create(me, {"kind": "call", "subject": "Call Moss"})
    hits = crm.search(me, "moss")
    assert {
        "title": "Ada Moss",
        "subtitle": "Engines · a@x.example",
        "url": f"/leads/{lead['id']}",
        "icon": "user-plus",
    } in hits
    assert len(hits) == 5
    only = crm.search(owner.owner("read:companies"), "moss")
    assert [hit["title"] for hit in only] == ["Moss & Sons"]


def test_search_is_limited_and_needs_words(crm: Crm, me: Actor):
    crm.companies.create_many(me, [{"name": f"Moss {number}"} for number in range(4)])
    crm.leads.create(me, {"name": "Moss"})
    assert len(crm.search(me, "moss", limit=3)) == 3
    assert crm.search(me, "moss", limit=1)[0]["url"].startswith("/leads/")
    assert crm.search(me, " ") == []
