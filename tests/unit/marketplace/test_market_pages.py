import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from marketplace.cards import InstalledState
from marketplace.service import Registry
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.unit.marketplace.conftest import Author

pytestmark = pytest.mark.browser
PAGES = (
    "/marketplace",
    "/marketplace?q=nothing",
    "/marketplace/publish",
    "/marketplace/mail-sync",
    "/marketplace/mail-sync/permissions",
    "/marketplace/mail-sync/versions",
)


@pytest.fixture
def address(
    app: Flask,
    registry: Registry,
    author: Author,
    tenant: Tenant,
    browser_page: Page,
    installed: dict[str, InstalledState],
):
    app.add_url_rule("/", "home", lambda: "home")
    app.add_url_rule("/favicon.ico", "favicon", lambda: "")
    installed["mail-sync"] = InstalledState("0.0.1", enabled=True, status="enabled")
    registry.publish(
        tenant.owner(),
        author.package("mail-sync", name="Mail Sync", categories=["email"], icon=None),
    )
    registry.publish(
        tenant.owner(), author.package("lead-scorer", name="Lead Scorer", categories=["sales"])
    )
    with serving(app) as url:
        browser_page.goto(f"{url}/sign-in")
        browser_page.fill("[name=email]", tenant.email)
        browser_page.fill("[name=password]", PASSWORD)
        browser_page.keyboard.press("Enter")
        expect(browser_page.get_by_text("home")).to_be_visible()
        yield url
        # Nothing may still be loading when the server goes.
        browser_page.wait_for_load_state("networkidle")
        browser_page.goto("about:blank")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(address: str, browser_page: Page, scheme: str):
    browser_page.emulate_media(color_scheme=scheme)
    for path in PAGES:
        browser_page.set_viewport_size({"width": 1280, "height": 860})
        browser_page.goto(address + path)
        assert_accessible(browser_page)
        assert_no_sideways_scroll(browser_page)


def test_search_is_live_and_back_leads_back(address: str, browser_page: Page):
    browser_page.goto(f"{address}/marketplace")
    count = browser_page.get_by_role("status").filter(has_text="extension")
    expect(count).to_have_text("2 extensions")

    browser_page.get_by_role("searchbox").fill("mail")
    expect(count).to_have_text("1 extension")
    expect(browser_page).to_have_url(f"{address}/marketplace?q=mail")

    browser_page.get_by_role("radio", name="Sales").check(force=True)
    expect(count).to_have_text("0 extensions")
    expect(browser_page).to_have_url(f"{address}/marketplace?q=mail&category=sales")

    browser_page.go_back()
    expect(count).to_have_text("1 extension")
    expect(browser_page.get_by_role("searchbox")).to_have_value("mail")
    expect(browser_page.get_by_role("radio", name="All")).to_be_checked()


def test_the_whole_card_is_a_link(address: str, browser_page: Page):
    browser_page.goto(f"{address}/marketplace")

    card = browser_page.locator("article").filter(has_text="Lead Scorer")
    card.get_by_text("0 installs").click(force=True)

    expect(browser_page.get_by_role("heading", level=1, name="Lead Scorer")).to_be_visible()
