"""The pages of companies and contacts: what belongs to each, and choices of records."""

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.identity.tokens import create_token
from tests.support.core import Tenant
from tests.support.crm_pages import Visitor, said, text_of, visitor


@pytest.fixture
def olga(app: Flask, tenant: Tenant) -> Visitor:
    return visitor(app, tenant)


def test_a_company_shows_who_and_what_belongs_to_it(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    company = core.crm.companies.create(
        owner, {"name": "Engines", "domain": "engines.example", "address": "1 Mill\nLeeds"}
    )
    core.crm.contacts.create(
        owner, {"name": "Ada Lovelace", "title": "CTO", "company_id": company["id"]}
    )
    core.crm.deals.create(
        owner,
        {
            "name": "Looms",
            "amount": "5",
            "company_id": company["id"],
            "expected_close_on": "2026-11-01",
        },
    )
    page = olga.page(f"/companies/{company['id']}")
    text = said(page)
    assert "Ada Lovelace CTO" in text
    assert "Looms $5.00 · 1 Nov 2026 overdue" in text
    assert f"/contacts/new?company_id={company['id']}" in page
    assert 'href="https://engines.example" rel="noopener noreferrer"' in page


def test_many_that_belong_to_it_lead_to_the_list(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    company = core.crm.companies.create(owner, {"name": "Engines"})
    link = {"company_id": company["id"]}
    core.crm.contacts.create_many(owner, [{"last_name": f"C{n}", **link} for n in range(7)])
    core.crm.deals.create_many(owner, [{"name": f"D{n}", **link} for n in range(7)])
    page = olga.page(f"/companies/{company['id']}").replace("&amp;", "&")
    more = f"/contacts?company_id={company['id']}"
    assert f'"{more}"' in page
    assert f'"/deals?view=table&company_id={company["id"]}"' in page
    assert "7 contacts" in said(olga.page(more))


def test_a_company_without_anything_says_so(core: Core, tenant: Tenant, olga: Visitor):
    company = core.crm.companies.create(tenant.owner(), {"name": "Engines"})
    text = said(olga.page(f"/companies/{company['id']}"))
    assert "No contacts yet." in text
    assert "No deals yet." in text
    assert "Nothing has happened yet." in text


def test_a_needed_name_is_asked_for(core: Core, tenant: Tenant, olga: Visitor):
    assert "Name: This field is needed." in said(
        text_of(olga.post("/companies/new", name=" "), 422)
    )
    company = core.crm.companies.create(tenant.owner(), {"name": "Engines"})
    here = f"/companies/{company['id']}/edit"
    assert "Name: This field is needed." in said(text_of(olga.post(here, name=""), 422))


def test_contacts_name_their_company(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    company = core.crm.companies.create(owner, {"name": "Engines"})
    contact = core.crm.contacts.create(
        owner, {"name": "Ada Lovelace", "email": "ada@example.com", "company_id": company["id"]}
    )
    here = f'href="/companies/{company["id"]}"'
    assert here in olga.page("/contacts")
    assert here in olga.page(f"/contacts/{contact['id']}")
    core.crm.companies.delete(owner, company["id"])
    assert here not in olga.page("/contacts")


def test_a_choice_of_records_keeps_the_chosen_one(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    last = core.crm.companies.create(owner, {"name": "Zeppelin"})
    core.crm.companies.create_many(owner, [{"name": f"Company {n:03}"} for n in range(100)])
    contact = core.crm.contacts.create(owner, {"last_name": "Ada", "company_id": last["id"]})
    page = olga.page(f"/contacts/{contact['id']}/edit")
    assert f'value="{last["id"]}" selected' in page
    assert 'hx-get="/companies/options"' in page
    found = olga.page(f"/companies/options?find=042&chosen={last['id']}")
    assert said(found) == "None Zeppelin Company 042"


def test_a_missing_company_is_told_at_its_field(olga: Visitor):
    page = text_of(olga.post("/contacts/new", last_name="Ada", company_id="company_gone"), 422)
    assert "Company: There is no such record" in said(page)


def test_what_may_not_be_read_is_left_out(core: Core, app: Flask, tenant: Tenant):
    owner = tenant.owner()
    company = core.crm.companies.create(owner, {"name": "Engines"})
    contact = core.crm.contacts.create(owner, {"last_name": "Ada", "company_id": company["id"]})
    with core.works.write(tenant.system()) as work:
        token = create_token(work, tenant.owner_id, "contacts", ["read:contacts"], days=None)
    headers = {"Authorization": f"Bearer {token.secret}"}
    answer = app.test_client().get(f"/contacts/{contact['id']}", headers=headers)
    text = text_of(answer)
    assert "Engines" not in text
    assert "No deals yet" not in text
