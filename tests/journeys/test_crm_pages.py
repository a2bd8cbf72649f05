"""The pages of records in a real browser: both themes, a phone, keys, the board."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from geminicrm.app import Core
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "Kite and Sons International Insurance Brokers of the Northern Provinces"


@pytest.fixture
def paths(core: Core, tenant: Tenant) -> dict[str, str]:
    """Fill a workspace; give the addresses of its pages."""
    owner, crm = tenant.owner(), core.crm
    mine = {"owner_id": tenant.owner_id}
    company = crm.companies.create(owner, {"name": LONG, "domain": "kite.example", **mine})
    link = {"company_id": company["id"]}
    contact = crm.contacts.create(
        owner, {"name": "Ada Lovelace", "email": "ada@kite.example"} | link
    )
    lead = crm.leads.create(
        owner, {"name": "Grace Hopper", "company": "Harvard", "amount": "9000", "tags": ["vip"]}
    )
    crm.leads.create(owner, {"name": "Joseph Jacquard", "status": "qualified"})
    deal = crm.deals.create(
        owner,
        {"name": "Looms", "amount": "48000", "expected_close_on": "2026-11-01", **link, **mine},
    )
    crm.deals.create(owner, {"name": "Cards", "contact_id": contact["id"], **link})
    crm.deals.create(owner, {"name": "Won already", "status": "won"})
    related = {"related_type": "deal", "related_id": deal["id"], **mine}
    task = {"kind": "task", "subject": "Send the offer", "due_at": "2026-11-20T09:00:00Z"}
    made = crm.activities.create(owner, {**task, **related})
    note = {"kind": "note", "subject": "Budget holder", "done_at": "2026-11-20T09:00:00Z"}
    crm.activities.create(owner, {**note, **related, "body": "The plant\nmanager."})
    return {
        "home": "/",
        "leads": "/leads",
        "lead": f"/leads/{lead['id']}",
        "convert": f"/leads/{lead['id']}/convert",
        "contacts": "/contacts",
        "company": f"/companies/{company['id']}",
        "board": "/deals",
        "table": "/deals?view=table&q=o&status=open",
        "deal": f"/deals/{deal['id']}",
        "edit": f"/deals/{deal['id']}/edit",
        "activities": "/activities",
        "activity": f"/activities/{made['id']}",
        "nothing": "/leads?q=nobody",
    }


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with serving(app) as base:
        yield base


@pytest.fixture
def page(address: str, browser_page: Page, tenant: Tenant) -> Page:
    browser_page.goto(f"{address}/sign-in")
    browser_page.locator("[name=email]").fill(tenant.email)
    browser_page.locator("[name=password]").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(browser_page.locator("html[data-ready]")).to_be_attached()
    return browser_page


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-ready]")).to_be_attached()
    expect(page.locator("[data-lazy] .skeleton")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    page: Page, address: str, paths: dict[str, str], theme: str
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    for path in paths.values():
        page.set_viewport_size({"width": 1280, "height": 860})
        visit(page, f"{address}{path}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)


def test_a_search_narrows_while_typing(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}/leads")
    page.keyboard.press("/")
    page.keyboard.type("grace")
    expect(page.get_by_text("1 lead found")).to_be_visible()
    expect(page.get_by_role("link", name="Joseph Jacquard")).to_have_count(0)
    page.wait_for_url(f"{address}/leads?q=grace")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_label("Owner").select_option(label="Me")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.wait_for_url(f"{address}/leads?q=grace&owner_id=me")
    page.go_back()
    expect(page.get_by_text("1 lead found")).to_be_visible()


def test_rows_open_by_key(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}/leads")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}{paths['lead']}")


def test_a_task_is_ticked_off_and_back(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}/activities")
    box = page.get_by_role("checkbox", name="Done: Send the offer")
    box.press("Space")
    expect(box).to_be_checked()
    page.get_by_role("button", name="Undo").click()
    expect(box).not_to_be_checked()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_call_is_noted_on_a_record(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}{paths['lead']}")
    page.get_by_role("radio", name="Call").check()
    page.get_by_label("Subject").fill("Rang about the compiler")
    page.get_by_role("button", name="Add", exact=True).click()
    timeline = page.get_by_role("listitem").filter(has_text="Rang about the compiler")
    expect(timeline).to_contain_text("Call just now")


def test_a_typed_form_is_not_lost_by_leaving(
    page: Page, address: str, paths: dict[str, str], browser_problems: list[str]
):
    visit(page, f"{address}/leads/new")
    page.get_by_label("Last name").fill("Typed")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Last name")).to_have_value("Typed")
    page.get_by_label("Email").fill("nonsense")
    page.get_by_role("button", name="Create lead").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert_accessible(page)
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Email")).to_be_focused()
    assert [each for each in browser_problems if "422" not in each] == []
    browser_problems.clear()


def test_a_record_is_deleted_by_dialog(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}{paths['lead']}")
    page.locator("summary[aria-label='More actions']").click()
    page.get_by_role("link", name="Delete…").click()
    question = page.get_by_role("dialog", name="Delete Grace Hopper?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    question.get_by_role("button", name="Delete lead").click()
    page.wait_for_url(f"{address}/leads")
    expect(page.get_by_text("Grace Hopper is deleted.")).to_be_visible()


def test_a_card_moves_by_its_menu(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}/deals")
    choose(page, "Looms", "Proposal")
    expect(column(page, "Proposal")).to_contain_text("Looms")
    expect(column(page, "Proposal")).to_contain_text("$48K")
    expect(page.get_by_text("Looms moved to Proposal.")).to_be_attached()
    page.get_by_role("button", name="Undo").click()
    expect(column(page, "Prospecting")).to_contain_text("Looms")
    expect(page.get_by_text("Looms moved to Prospecting.")).to_be_attached()


def test_a_card_is_dragged(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}/deals")
    card = page.locator("[data-board-card]").filter(has_text="Cards")
    card.locator(".small").hover()
    page.mouse.down()
    target = column(page, "Qualification").locator("[data-board-column]").bounding_box()
    assert target is not None
    page.mouse.move(target["x"] + 60, target["y"] + 40, steps=8)
    page.mouse.move(target["x"] + 70, target["y"] + 50, steps=4)
    page.mouse.up()
    expect(page.get_by_text("Cards moved to Qualification.")).to_be_attached()
    page.reload()
    expect(column(page, "Qualification")).to_contain_text("Cards")


def test_a_lost_card_is_asked_why(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}/deals")
    choose(page, "Looms", "Closed lost")
    question = page.get_by_role("dialog", name="Why was it lost?")
    assert_accessible(page)
    question.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Looms stays in Prospecting.")).to_be_attached()
    expect(column(page, "Prospecting")).to_contain_text("Looms")
    choose(page, "Looms", "Closed lost")
    question.get_by_label("Reason").fill("Too dear")
    question.get_by_role("button", name="Mark as lost").click()
    expect(page.get_by_text("Looms moved to Closed lost.")).to_be_attached()
    visit(page, f"{address}{paths['deal']}")
    expect(page.get_by_text("Too dear")).to_be_visible()


def test_a_stale_card_goes_back(
    page: Page, address: str, paths: dict[str, str], core: Core, tenant: Tenant,
    browser_problems: list[str],
):  # fmt: skip
    visit(page, f"{address}/deals")
    core.crm.deals.update(tenant.owner(), paths["deal"].rpartition("/")[2], {"amount": "1"})
    choose(page, "Looms", "Proposal")
    expect(page.get_by_text("Looms was not moved.")).to_be_visible()
    expect(column(page, "Prospecting")).to_contain_text("Looms")
    assert [each for each in browser_problems if "412" not in each] == []
    browser_problems.clear()


def test_a_quick_deal_and_an_owner(page: Page, address: str, paths: dict[str, str]):
    visit(page, f"{address}/deals")
    page.locator("summary[aria-label='Add a deal in Proposal']").click()
    page.get_by_label("Name of the deal").locator("visible=true").fill("Quick one")
    page.keyboard.press("Enter")
    expect(column(page, "Proposal")).to_contain_text("Quick one")
    page.wait_for_load_state()  # the filter sends itself once its script is there
    page.get_by_label("Owner").select_option("me")
    page.wait_for_url("**/deals?owner_id=me")
    expect(column(page, "Proposal")).to_contain_text("Quick one")
    expect(page.get_by_text("Cards", exact=True)).to_have_count(0)


def test_what_loads_later_may_fail_quietly(
    page: Page, address: str, paths: dict[str, str], browser_problems: list[str]
):
    page.route("**/apps/panels/**", lambda route: route.fulfill(status=503, body="no"))
    visit(page, f"{address}{paths['lead']}")
    expect(page.get_by_text("Extension panels can't be shown right now.")).to_be_visible()
    page.unroute("**/apps/panels/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Extension panels can't be shown right now.")).to_have_count(0)
    browser_problems.clear()


def test_pages_work_without_scripts(page: Page, address: str, paths: dict[str, str]):
    cookies = page.context.cookies()
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(cookies)  # type: ignore[arg-type]  # what one context gives, the other takes
    bare = plain.new_page()
    bare.goto(f"{address}/leads")
    bare.get_by_role("searchbox").fill("grace")
    bare.get_by_role("button", name="Apply").click()
    expect(bare.get_by_text("1 lead found")).to_be_visible()
    bare.goto(f"{address}/deals")
    bare.locator("summary[aria-label='Move Looms to…']").click()
    bare.get_by_role("button", name="Closed lost", exact=True).locator("visible=true").click()
    bare.get_by_label("Reason").fill("Too dear")
    bare.get_by_role("button", name="Mark as lost").click()
    expect(bare.get_by_text("Looms is lost.")).to_be_visible()
    bare.goto(f"{address}{paths['lead']}/delete")
    bare.get_by_role("button", name="Delete lead").click()
    expect(bare.get_by_text("Grace Hopper is deleted.")).to_be_visible()
    plain.close()


def choose(page: Page, deal: str, stage: str) -> None:
    page.locator(f"summary[aria-label='Move {deal} to…']").press("Enter")
    card = page.locator("[data-board-card]").filter(has_text=deal)
    card.get_by_role("button", name=stage, exact=True).press("Enter")


def column(page: Page, stage: str):
    return (
        page.get_by_role("region", name="Deals by stage")
        .locator("section")
        .filter(has=page.get_by_role("heading", name=stage))
    )
