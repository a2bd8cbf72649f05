"""The log of an extension in a real browser: both themes, a phone, nothing logged yet."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.life import ALL, Life
from tests.support.life_app import PAGE, life_app

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture
def installed(life: Life, tenant: Tenant) -> str:
    found: str = life.cycle.install(tenant.owner(), ALL).installation["id"]
    return found


@pytest.fixture
def page(life: Life, installed: str, browser_page: Page, tenant: Tenant) -> Iterator[Page]:
    assert installed
    with serving(life_app(life)) as address:
        browser_page.goto(f"{address}/sign-in")
        browser_page.locator("[name=email]").fill(tenant.email)
        browser_page.locator("[name=password]").fill(PASSWORD)
        browser_page.get_by_role("button", name="Sign in").click()
        expect(browser_page.get_by_role("navigation", name="Main")).to_be_visible()
        browser_page.goto(f"{address}{PAGE}")
        browser_page.get_by_role("link", name="Log", exact=True).click()
        yield browser_page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_log_is_read_on_any_screen(page: Page, life: Life, installed: str, theme: str):
    expect(page.get_by_text("Nothing logged yet")).to_be_visible()
    assert_accessible(page)
    logs = life.core.runtime.logs
    logs.write(installed, "debug", "output", "x" * 600)
    logs.write(installed, "info", "log", "a call is planned", {"lead_id": "lead_" + "1" * 300})
    logs.write(installed, "warning", "supervisor", "it was stopped")
    logs.write(installed, "error", "core", "hello-world failed in route at routes.py:3 in calls")
    page.context.add_cookies([{"name": "theme", "value": theme, "url": page.url}])
    page.reload()
    expect(page.get_by_role("row").last).to_contain_text("routes.py:3 in calls")
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
        assert_no_sideways_scroll(page)
