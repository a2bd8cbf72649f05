from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.kernel.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    ScopeMissing,
    ValidationFailed,
)
from geminicrm.kernel.work import Actor
from tests.support.core import Tenant
from tests.unit.crm.conftest import Hooks, Stored

ADA = {
    "name": "Ada Lovelace",
    "email": "ada@engines.example",
    "company": "Engines Ltd",
    "amount": "1200",
    "currency": "GBP",
    "tags": ["hot"],
    "custom": {"a": 1},
}


@pytest.fixture
def lead(crm: Crm, me: Actor) -> Any:
    """Give a lead that could become everything."""
    return crm.leads.create(me, ADA)


def test_a_lead_becomes_contact_company_and_deal(crm: Crm, me: Actor, lead: Any, stored: Stored):
    made = crm.convert_lead(me, lead["id"])
    assert made["lead"]["status"] == "converted"
    assert made["lead"] == crm.leads.get(me, lead["id"])
    assert made["company"] == crm.companies.get(me, made["company"]["id"])
    assert made["contact"] == crm.contacts.get(me, made["contact"]["id"])
    assert made["deal"] == crm.deals.get(me, made["deal"]["id"])
    assert made["company"]["name"] == "Engines Ltd"
    assert made["contact"]["company_id"] == made["deal"]["company_id"] == made["company"]["id"]
    assert made["deal"]["contact_id"] == made["contact"]["id"]
    assert (made["deal"]["amount"], made["deal"]["currency"]) == ("1200.00", "GBP")
    assert (made["contact"]["tags"], made["contact"]["custom"]) == (["hot"], {"a": 1})
    assert stored.types(me)[1:] == [
        "company.created",
        "contact.created",
        "deal.created",
        "lead.updated",
        "lead.converted",
    ]
    told = stored.events(me)[-1]
    assert told.data == {
        **made["lead"],
        "contact_id": made["contact"]["id"],
        "company_id": made["company"]["id"],
        "deal_id": made["deal"]["id"],
    }
    assert told.object_version == made["lead"]["version"] == 2


def test_a_second_conversion_is_a_conflict(crm: Crm, me: Actor, lead: Any):
    crm.convert_lead(me, lead["id"])
    with pytest.raises(Conflict):
        crm.convert_lead(me, lead["id"])


def test_a_company_of_that_name_is_used_again(crm: Crm, me: Actor, lead: Any):
    company = crm.companies.create(me, {"name": "ENGINES ltd"})
    made = crm.convert_lead(me, lead["id"])
    assert made["company"] == company
    assert len(crm.companies.list(me).data) == 1


def test_the_company_may_be_named(crm: Crm, me: Actor, lead: Any):
    company = crm.companies.create(me, {"name": "Other"})
    made = crm.convert_lead(me, lead["id"], {"company_id": company["id"]})
    assert made["contact"]["company_id"] == company["id"]


def test_an_unknown_company_is_refused(crm: Crm, me: Actor, lead: Any):
    with pytest.raises(ValidationFailed) as caught:
        crm.convert_lead(me, lead["id"], {"company_id": "company_x"})
    assert caught.value.findings[0].pointer == "/company_id"
    assert crm.leads.get(me, lead["id"]) == lead


def test_the_deal_may_be_left_out_or_given(crm: Crm, me: Actor, lead: Any):
    assert crm.convert_lead(me, lead["id"], {"create_deal": False})["deal"] is None
    second = crm.leads.create(me, {"name": "Bo"})
    made = crm.convert_lead(me, second["id"], {"deal": {"name": "Big", "amount": "7"}})
    assert made["company"] is None
    assert (made["deal"]["name"], made["deal"]["amount"], made["deal"]["currency"]) == (
        "Big",
        "7.00",
        "USD",
    )


def test_a_wrong_deal_is_told_at_its_place(crm: Crm, me: Actor, lead: Any):
    with pytest.raises(ValidationFailed) as caught:
        crm.convert_lead(me, lead["id"], {"deal": {"bogus": 1}})
    assert caught.value.findings[0].pointer == "/deal/bogus"
    with pytest.raises(ValidationFailed) as caught:
        crm.convert_lead(me, lead["id"], {"deal": {"stage_id": "stage_x"}})
    assert caught.value.findings[0].pointer == "/deal/stage_id"


def test_a_lead_with_a_company_only_gives_its_name_to_the_contact(crm: Crm, me: Actor):
    lead = crm.leads.create(me, {"company": "Engines Ltd"})
    assert crm.convert_lead(me, lead["id"])["contact"]["last_name"] == "Engines Ltd"


def test_conversion_needs_the_scope_of_everything_it_makes(
    crm: Crm, me: Actor, lead: Any, owner: Tenant
):
    some = owner.owner("write:leads", "write:contacts", "write:companies")
    with pytest.raises(ScopeMissing) as caught:
        crm.convert_lead(some, lead["id"])
    assert caught.value.scope == "write:deals"
    assert crm.leads.get(me, lead["id"]) == lead


def test_versions_and_unknown_leads(crm: Crm, me: Actor, lead: Any):
    with pytest.raises(PreconditionFailed):
        crm.convert_lead(me, lead["id"], if_version=2)
    with pytest.raises(NotFound):
        crm.convert_lead(me, "lead_x")


def test_hooks_see_all_drafts_linked(crm: Crm, me: Actor, lead: Any, hooks: Hooks):
    hooks.kinds = {"lead", "company", "contact", "deal"}
    crm.convert_lead(me, lead["id"])
    seen = {kind: (action, before, draft) for kind, action, before, draft in hooks.asked}
    assert seen["lead"][:2] == ("update", lead)
    assert seen["lead"][2]["status"] == "converted"
    company, contact, deal = (seen[kind][2] for kind in ("company", "contact", "deal"))
    assert contact["company_id"] == deal["company_id"] == company["id"]
    assert deal["contact_id"] == contact["id"]


def test_hooks_see_only_what_will_be_made(crm: Crm, me: Actor, hooks: Hooks):
    lead = crm.leads.create(me, {"name": "Bo"})
    hooks.kinds = {"company", "contact", "deal"}
    crm.convert_lead(me, lead["id"], {"create_deal": False})
    assert [asked[0] for asked in hooks.asked] == ["contact"]


def test_changes_between_are_noticed(crm: Crm, me: Actor, lead: Any, hooks: Hooks):
    def meddle() -> None:
        kinds, hooks.kinds = hooks.kinds, set()
        crm.leads.update(me, lead["id"], {"phone": str(len(hooks.asked))})
        hooks.kinds = kinds

    hooks.kinds, hooks.react = {"lead"}, meddle
    with pytest.raises(Conflict):
        crm.convert_lead(me, lead["id"])
    with pytest.raises(PreconditionFailed):
        crm.convert_lead(me, lead["id"], if_version=crm.leads.get(me, lead["id"])["version"])
