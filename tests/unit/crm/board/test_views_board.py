"""The board: columns and their worth, moves by script and by form, quick new deals, more cards."""

from decimal import Decimal

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.crm.board import service
from tests.support.core import Tenant, make_tenant
from tests.support.crm_pages import Labels, Visitor, reader, said, text_of, visitor

JSON = {"Accept": "application/json"}


@pytest.fixture
def olga(app: Flask, tenant: Tenant) -> Visitor:
    return visitor(app, tenant)


@pytest.fixture
def stages(core: Core, tenant: Tenant) -> dict[str, str]:
    core.crm.deals.create(
        tenant.owner(), {"name": "Looms", "amount": "1200", "owner_id": tenant.owner_id}
    )
    found = core.crm.pipelines.list(tenant.owner())[0]["stages"]
    return {stage["key"]: stage["id"] for stage in found}


@pytest.fixture
def looms(core: Core, tenant: Tenant, stages: dict[str, str]) -> str:
    found = core.crm.deals.list(tenant.owner()).data[0]["id"]
    assert stages
    return str(found)


def test_an_empty_board_says_what_to_do(olga: Visitor):
    assert "No deals yet" in said(olga.page("/deals"))


def test_columns_tell_what_they_are_worth(core: Core, tenant: Tenant, olga: Visitor, stages):
    owner = tenant.owner()
    core.crm.deals.hooks = Labels()
    company = core.crm.companies.create(owner, {"name": "Engines"})
    core.crm.deals.create(
        owner,
        {
            "name": "Cards",
            "amount": "800",
            "currency": "EUR",
            "company_id": company["id"],
            "expected_close_on": "2026-11-01",
        },
    )
    core.crm.deals.create(owner, {"name": "Plain", "expected_close_on": "2027-01-31"})
    page = olga.page("/deals")
    text = said(page)
    assert "Prospecting 3" in text
    assert "€800 + $1.2K €80 + $120 weighted" in text
    assert "1 Nov overdue" in text
    assert "Closes 31 Jan 2027" in text
    assert "Engines" in text
    assert "Hot deal" in text
    assert page.index("Cards") < page.index("Plain") < page.index("Looms")


def test_the_board_of_one_owner_counts_what_it_shows(
    core: Core, tenant: Tenant, olga: Visitor, stages
):
    core.crm.deals.create_many(tenant.owner(), [{"name": "Nobodys"}, {"name": "Same"}])
    text = said(olga.page("/deals?owner_id=me"))
    assert "Prospecting 1" in text
    assert "$1.2K" in text
    assert "Nobodys" not in text
    assert "Looms" in said(olga.page(f"/deals?owner_id={tenant.owner_id}"))
    assert "No deals here" in olga.page("/deals?owner_id=usr_gone")


def test_pipelines_can_be_switched(core: Core, tenant: Tenant, olga: Visitor, stages):
    partners = core.crm.pipelines.create(tenant.owner(), {"name": "Partners"})
    core.crm.deals.create(tenant.owner(), {"name": "Resale", "pipeline_id": partners["id"]})
    assert "Resale" not in olga.page("/deals?pipeline=unknown")
    page = olga.page(f"/deals?pipeline={partners['id']}")
    assert "Resale" in page
    assert f'<option value="{partners["id"]}" selected>' in page


def test_a_script_moves_a_card(core: Core, tenant: Tenant, olga: Visitor, stages, looms: str):
    answer = olga.ask(f"/deals/{looms}/move", JSON, stage_id=stages["proposal"], version="1")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["data"]["version"] == 2
    assert answer.json["columns"][stages["proposal"]] == {
        "count": 1,
        "total": "$1.2K\n$600 weighted",
    }
    assert answer.json["columns"][stages["prospecting"]] == {"count": 0, "total": ""}


def test_a_lost_card_keeps_its_reason(core: Core, tenant: Tenant, olga: Visitor, stages, looms):
    fields = {"stage_id": stages["closed_lost"], "version": "1", "lost_reason": "Too dear"}
    assert olga.ask(f"/deals/{looms}/move", JSON, **fields).status_code == 200
    deal = core.crm.deals.get(tenant.owner(), looms)
    assert (deal["status"], deal["lost_reason"]) == ("lost", "Too dear")


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"version": "7"}, 412), ({"stage_id": "stage_gone"}, 404), ({"stage_id": ""}, 404)],
)
def test_a_refused_move_is_a_problem(
    olga: Visitor, stages, looms: str, fields: dict[str, str], status: int
):
    sent = {"stage_id": stages["proposal"], "version": "1", **fields}
    answer = olga.ask(f"/deals/{looms}/move", JSON, **sent)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_a_form_moves_a_card(core: Core, tenant: Tenant, olga: Visitor, stages, looms: str):
    answer = olga.post(f"/deals/{looms}/move", stage_id=stages["proposal"], version="1")
    assert answer.status_code == 303
    assert "Looms is moved to Proposal." in said(olga.page(answer.headers["Location"]))


def test_a_form_is_asked_for_the_reason_first(
    core: Core, tenant: Tenant, olga: Visitor, stages, looms: str
):
    answer = olga.post(f"/deals/{looms}/move", stage_id=stages["closed_lost"], version="1")
    assert answer.headers["Location"] == f"/deals/{looms}/lose"
    assert core.crm.deals.get(tenant.owner(), looms)["status"] == "open"
    assert olga.post(f"/deals/{looms}/move", stage_id="gone").status_code == 404


def test_a_quick_deal_lands_in_its_column(core: Core, tenant: Tenant, olga: Visitor, stages):
    fields = {"name": "Quick", "amount": "50", "stage_id": stages["proposal"]}
    assert olga.post("/deals/quick", **fields).status_code == 303
    deal = core.crm.deals.list(tenant.owner()).data[0]
    assert (deal["name"], deal["stage_id"]) == ("Quick", stages["proposal"])
    assert deal["owner_id"] == tenant.owner_id


def test_a_wrong_quick_deal_goes_on_in_the_form(olga: Visitor, stages):
    answer = olga.post("/deals/quick", name="Quick", amount="much", stage_id=stages["proposal"])
    assert answer.headers["Location"].startswith("/deals/new?name=Quick&amount=much&stage_id=")
    page = olga.page(answer.headers["Location"])
    assert "Write a plain number such as 1250.50." in said(page)
    assert 'value="much"' in page


def test_more_cards_follow(core: Core, tenant: Tenant, olga: Visitor, stages):
    owner = tenant.owner()
    core.crm.deals.create_many(owner, [{"name": f"Deal {n}"} for n in range(service.CARDS)])
    page = olga.page("/deals?owner_id=")
    assert f"Prospecting {service.CARDS + 1}" in said(page)
    found = page.partition('hx-get="/deals/stages/')[2].partition('"')[0].replace("&amp;", "&")
    rest = olga.page(f"/deals/stages/{found}", HX_Request="true")
    assert rest.count("data-board-card") == 1
    assert "Show more" not in rest
    assert 'hx-swap-oob="true"' in rest
    assert olga.get("/deals/stages/gone").status_code == 404
    mine = olga.page(f"/deals/stages/{stages['prospecting']}?owner_id=me")
    assert mine.count("data-board-card") == 1


def test_closed_columns_show_the_latest(core: Core, tenant: Tenant, olga: Visitor, stages):
    won = [{"name": f"Won {n}", "status": "won"} for n in range(service.CLOSED_CARDS + 1)]
    core.crm.deals.create_many(tenant.owner(), won)
    page = olga.page("/deals")
    assert f"/deals?view=table&amp;stage_id={stages['closed_won']}" in page
    assert "Show all" in page
    assert "Won 5" in page
    assert "Won 0" not in page


def test_a_reader_can_move_nothing(core: Core, app: Flask, tenant: Tenant, stages, looms: str):
    rita = reader(core, app, tenant)
    main = rita.page("/deals").partition("<main")[2]
    assert "data-board-move" not in main
    assert "/deals/quick" not in main
    fields = {"stage_id": stages["proposal"], "name": "x"}
    assert rita.post(f"/deals/{looms}/move", **fields).status_code == 403
    assert rita.ask(f"/deals/{looms}/move", JSON, **fields).status_code == 403
    assert rita.post("/deals/quick", **fields).status_code == 403


def test_stages_of_others_are_not_there(core: Core, olga: Visitor, looms: str):
    other = make_tenant(core, "south").owner()
    theirs = core.crm.deals.create(other, {"name": "Hidden"})
    assert olga.get(f"/deals/stages/{theirs['stage_id']}").status_code == 404
    assert olga.post(f"/deals/{looms}/move", stage_id=theirs["stage_id"]).status_code == 404
    text = text_of(olga.ask(f"/deals/{looms}/move", JSON, stage_id=theirs["stage_id"]), 404)
    assert "Hidden" not in text


def test_open_stages_are_added_up():
    pipeline = {"stages": [{"id": "a", "kind": "open"}, {"id": "b", "kind": "won"}]}
    sums = {
        "a": service.ColumnSums(2, [service.Sum("EUR", "3", "1"), service.Sum("USD", "4", "1")]),
        "b": service.ColumnSums(1, [service.Sum("EUR", "9", "9")]),
    }
    assert service.open_sums(sums, pipeline) == {"EUR": Decimal(3), "USD": Decimal(4)}
