"""Integrations in a real browser: from the empty page to a connection that works, and its end."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from geminicrm.app import create_app
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.connecting import OutsideService, connect
from tests.support.core import PASSWORD
from tests.support.installed import BuiltIn
from tests.unit.connections.test_views import note_call

pytestmark = [pytest.mark.browser, pytest.mark.journey]
KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(open_built_in) -> BuiltIn:
    made: BuiltIn = open_built_in("stripe")
    return made


@pytest.fixture
def address(stripe: BuiltIn) -> Iterator[str]:
    with serving(create_app(core=stripe.core)) as base:
        yield base


@pytest.fixture
def page(address: str, browser_page: Page, stripe: BuiltIn) -> Page:
    browser_page.goto(f"{address}/sign-in")
    browser_page.locator("[name=email]").fill(stripe.tenant.email)
    browser_page.locator("[name=password]").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("navigation", name="Main")).to_be_visible()
    return browser_page


def look_at(page: Page) -> None:
    """See that the page is good to use on a desk and on a phone."""
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.set_viewport_size({"width": 1280, "height": 860})
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    page.set_viewport_size({"width": 1280, "height": 860})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    page: Page, address: str, stripe: BuiltIn, outside: OutsideService, theme: str
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page.goto(f"{address}/integrations")
    look_at(page)
    page.goto(f"{address}/integrations/new/stripe")
    look_at(page)
    connection = connect(stripe, api_key=KEY, base_url=outside.url, webhook_secret="w" * 20)
    note_call(stripe, connection, path="/v1/" + "x" * 200, detail="y" * 200, outcome="failed")
    outside.answers = [(401, {"error": "z" * 300})]
    for place in ("", f"/{connection}", f"/{connection}/activity", f"/{connection}/tools"):
        page.goto(f"{address}/integrations{place}")
        look_at(page)
    page.get_by_label("Path").fill("/v1/balance")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Answer")).to_be_visible()
    look_at(page)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("[data-stage=sign-in]").get_by_text("Failed")).to_be_visible()
    look_at(page)


def test_from_connect_to_disconnect_by_keyboard(page: Page, address: str, outside: OutsideService):
    outside.answers = [(200, {"livemode": False})]
    page.goto(f"{address}/leads")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Integrations").click()
    page.get_by_role("link", name="Connect Stripe").press("Enter")
    page.get_by_label("Name").fill("North")
    page.get_by_label("Secret key").fill(KEY)
    page.get_by_label("Address of the API").fill(outside.url)
    page.get_by_role("button", name="Connect", exact=True).press("Enter")
    expect(page.get_by_text("Ends in 6789.")).to_be_visible()
    page.get_by_role("button", name="Test", exact=True).press("Enter")
    expect(page.locator("[data-stage=scopes]").get_by_text("Passed")).to_be_visible()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.get_by_role("button", name="Disconnect").press("Enter")
    dialog = page.get_by_role("dialog", name="Disconnect North?")
    dialog.get_by_role("button", name="Disconnect").press("Enter")
    expect(page.get_by_text("Nothing is connected yet.")).to_be_visible()
