"""Incoming webhooks in a real browser: the address at a connection, what came, a new address."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from geminicrm.app import Core, create_app
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.integrations import connect_to

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture
def address(core: Core) -> Iterator[str]:
    with serving(create_app(core=core)) as base:
        yield base


@pytest.fixture
def page(address: str, browser_page: Page, tenant: Tenant) -> Page:
    browser_page.goto(f"{address}/sign-in")
    browser_page.locator("[name=email]").fill(tenant.email)
    browser_page.locator("[name=password]").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("navigation", name="Main")).to_be_visible()
    return browser_page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_address_is_copied_and_renewed(gate, page, address, theme):
    gate.send()
    gate.send(secret="whsec_wrong")
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page.goto(f"{address}/integrations/{gate.connection_id}")
    expect(page.locator("#address-webhooks")).to_contain_text(gate.path)
    expect(page.get_by_role("button", name="Copy the webhook address")).to_be_visible()
    expect(page.get_by_text("1 accepted, 1 refused")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Renew the address").click()
    expect(page.get_by_text("There is a new address")).to_be_visible()
    expect(page.locator("#address-webhooks")).not_to_contain_text(gate.path)
    # The one before holds still, while the service is told.
    assert gate.send().status_code == 200


def test_without_a_secret_the_page_says_so(gate, page, address):
    bare = connect_to(gate.stage, gate.tenant)
    page.goto(f"{address}/integrations/{bare}")
    expect(page.get_by_text("Nothing can be believed yet")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
