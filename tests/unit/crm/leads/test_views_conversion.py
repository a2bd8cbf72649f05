"""The conversion of a lead: what it would become, what it becomes, who may."""

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.identity.tokens import create_token
from tests.support.core import Tenant
from tests.support.crm_pages import Visitor, said, text_of, visitor


@pytest.fixture
def olga(app: Flask, tenant: Tenant) -> Visitor:
    return visitor(app, tenant)


def test_a_conversion_shows_what_it_makes(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    lead = core.crm.leads.create(
        owner, {"name": "Ada Lovelace", "company": "Engines", "amount": "9", "currency": "EUR"}
    )
    here = f"/leads/{lead['id']}/convert"
    assert "Company New Engines" in said(olga.page(here))
    company = core.crm.companies.create(owner, {"name": "Engines"})
    page = olga.page(here)
    assert "Company Exists already Engines" in said(page)
    assert f"/companies/{company['id']}" in page
    answer = olga.post(
        here, version="1", create_deal="true", deal_name="First", amount="10", currency="EUR"
    )
    deal = core.crm.deals.list(owner).data[0]
    assert answer.headers["Location"] == f"/deals/{deal['id']}"
    assert (deal["name"], deal["amount"]) == ("First", "10.00")
    assert deal["company_id"] == company["id"]
    assert f'{here}"' not in olga.page(f"/leads/{lead['id']}")


def test_a_conversion_without_a_deal(core: Core, tenant: Tenant, olga: Visitor):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "Ada"})
    company = core.crm.companies.create(owner, {"name": "Other"})
    here = f"/leads/{lead['id']}/convert"
    assert "The lead names no company." in said(olga.page(here))
    answer = olga.post(here, version="1", company_id=company["id"])
    contact = core.crm.contacts.list(owner).data[0]
    assert answer.headers["Location"] == f"/contacts/{contact['id']}"
    assert contact["company_id"] == company["id"]


def test_a_wrong_conversion_says_why(core: Core, tenant: Tenant, olga: Visitor):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    here = f"/leads/{lead['id']}/convert"
    page = text_of(olga.post(here, create_deal="true", deal_name="", amount="x", currency=""), 422)
    assert 'aria-invalid="true"' in page
    assert 'href="#field-deal_name"' in page


def test_a_conversion_needs_leave_for_all_it_makes(core: Core, app: Flask, tenant: Tenant):
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "Ada"})
    client = app.test_client()
    headers = {"Authorization": f"Bearer {_token(core, tenant)}"}
    assert client.get(f"/leads/{lead['id']}", headers=headers).status_code == 200
    answer = client.get(f"/leads/{lead['id']}/convert", headers=headers)
    assert answer.status_code == 403
    assert "write:contacts" in answer.get_data(as_text=True)


def _token(core: Core, tenant: Tenant) -> str:
    scopes = ["read:leads", "write:leads"]
    with core.works.write(tenant.system()) as work:
        return create_token(work, tenant.owner_id, "leads only", scopes, days=None).secret
