"""The pages of deals: table, record with its stages, outcomes."""

import pytest
from flask import Flask

from geminicrm.app import Core
from tests.support.core import Tenant, make_tenant
from tests.support.crm_pages import Visitor, reader, said, text_of, visitor


@pytest.fixture
def olga(app: Flask, tenant: Tenant) -> Visitor:
    return visitor(app, tenant)


@pytest.fixture
def deal(core: Core, tenant: Tenant) -> dict[str, object]:
    return core.crm.deals.create(
        tenant.owner(), {"name": "Looms", "amount": "1200", "expected_close_on": "2026-12-01"}
    )


def test_the_table_has_stages_and_dates(core: Core, tenant: Tenant, olga: Visitor, deal):
    late = {"name": "Late", "expected_close_on": "2026-11-20"}
    core.crm.deals.create(tenant.owner(), late)
    text = said(olga.page("/deals?view=table"))
    assert "2 deals" in text
    assert "$1,200.00" in text
    assert "1 Dec 2026" in text
    assert "20 Nov 2026 overdue" in text
    filtered = olga.page(f"/deals?view=table&stage_id={deal['stage_id']}&status=open&sort=amount")
    assert "view=table" in filtered.partition("<th ")[2]


def test_an_empty_table_and_form(olga: Visitor):
    assert "No deals yet" in said(olga.page("/deals?view=table"))
    assert "Stage" not in said(olga.page("/deals/new")).partition("New deal Name")[2]
    answer = olga.post("/deals/new", name="First", amount="", currency="")
    assert answer.status_code == 303
    assert "First" in olga.page(answer.headers["Location"])


def test_a_deal_shows_how_far_it_is(core: Core, tenant: Tenant, olga: Visitor, deal):
    owner = tenant.owner()
    stages = core.crm.pipelines.list(owner)[0]["stages"]
    core.crm.deals_flow.move(owner, deal["id"], stages[1]["id"])
    page = olga.page(f"/deals/{deal['id']}")
    assert "Prospecting (passed)" in said(page)
    assert '<li aria-current="step">Qualification</li>' in page


def test_a_deal_is_won_and_reopened(core: Core, tenant: Tenant, olga: Visitor, deal):
    here = f"/deals/{deal['id']}"
    assert olga.post(f"{here}/win", version="1").headers["Location"] == here
    text = said(olga.page(here))
    assert "Looms is won." in text
    assert "Closed won" in text
    assert "Reopen" in text
    assert olga.post(f"{here}/reopen", version="2").status_code == 303
    assert core.crm.deals.get(tenant.owner(), deal["id"])["status"] == "open"


def test_a_deal_is_lost_for_a_reason(olga: Visitor, deal):
    here = f"/deals/{deal['id']}"
    assert "Mark Looms as lost?" in said(olga.page(f"{here}/lose"))
    assert olga.post(f"{here}/lose", version="1", reason="Too dear").status_code == 303
    assert "Reason lost Too dear" in said(olga.page(here))


def test_a_reason_may_be_left_out_but_not_be_endless(olga: Visitor, deal):
    here = f"/deals/{deal['id']}/lose"
    page = text_of(olga.post(here, reason="x" * 501), 422)
    assert "At most 500 characters." in said(page)
    assert "x" * 501 in page
    assert olga.post(here, reason=" ").status_code == 303


def test_a_stale_outcome_changes_nothing(core: Core, tenant: Tenant, olga: Visitor, deal):
    core.crm.deals.update(tenant.owner(), deal["id"], {"name": "Newer"})
    assert olga.post(f"/deals/{deal['id']}/win", version="1").status_code == 412
    assert core.crm.deals.get(tenant.owner(), deal["id"])["status"] == "open"


def test_stages_of_several_pipelines_are_told_apart(core: Core, tenant: Tenant, olga: Visitor):
    core.crm.pipelines.create(tenant.owner(), {"name": "Partners"})
    page = said(olga.page("/deals/new"))
    assert "Sales: Prospecting" in page
    assert "Partners: Prospecting" in page


def test_a_reader_can_change_nothing(core: Core, app: Flask, tenant: Tenant, deal):
    rita = reader(core, app, tenant)
    here = f"/deals/{deal['id']}"
    main = rita.page(here).partition("<main")[2]
    assert "lose-deal" not in main
    assert rita.get(f"{here}/lose").status_code == 403
    for action in ("win", "lose", "reopen"):
        assert rita.post(f"{here}/{action}").status_code == 403


def test_deals_of_others_are_not_there(core: Core, olga: Visitor):
    other = make_tenant(core, "south").owner()
    deal = core.crm.deals.create(other, {"name": "Hidden"})
    here = f"/deals/{deal['id']}"
    assert olga.get(f"{here}/lose").status_code == 404
    for action in ("win", "lose", "reopen", "move"):
        assert olga.post(f"{here}/{action}", stage_id=deal["stage_id"]).status_code == 404
