"""The bell and its page in a real browser: both themes, a phone, the keyboard, the mend."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from geminicrm.runtime.hosting.crash_loops import CrashLoops
from geminicrm.runtime.hosting.supervising import CrashLoop
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.life import ALL, Life, offer
from tests.support.life_app import life_app
from tests.support.notices import mend, tell

pytestmark = [pytest.mark.browser, pytest.mark.journey]
BELL_MS = 30_500
LONG = "ConnectionError: api.scores-of-the-northern-provinces.example.com:443 " + "x" * 90


@pytest.fixture
def address(life: Life, tenant: Tenant) -> Iterator[str]:
    with serving(life_app(life)) as base:
        yield base


@pytest.fixture
def page(address: str, browser_page: Page, tenant: Tenant) -> Page:
    browser_page.goto(f"{address}/sign-in")
    browser_page.locator("[name=email]").fill(tenant.email)
    browser_page.locator("[name=password]").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("navigation", name="Main")).to_be_visible()
    return browser_page


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-ready]")).to_be_attached()


def bell(page: Page, unread: int) -> None:
    expect(page.get_by_role("link", name=f"Notifications, {unread} unread")).to_be_visible()


def crash(life: Life, tenant: Tenant) -> None:
    """Let the host of the one installation crash again and again."""
    (row,) = life.cycle.list(tenant.owner())
    loops = CrashLoops(life.core.works, life.core.generations, life.cycle.upgrades.come_back)
    loops.switch_off(
        CrashLoop(
            installation_id=row["id"],
            digest=row["digest"],
            reason="killed by signal 11",
            lines=("Segmentation fault",),
        )
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_phone(
    page: Page, address: str, life: Life, tenant: Tenant, theme: str
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    visit(page, f"{address}/notifications")
    expect(page.get_by_role("heading", name="Nothing went wrong")).to_be_visible()
    assert_accessible(page)
    for number in range(120):
        tell(life.core, tenant, key=str(number), body=LONG)
    tell(life.core, tenant, key="slow", severity="warning", title="A schedule fails: Sync")
    tell(life.core, tenant, key="mended")
    mend(life.core, tenant, "mended")
    for path in ("/notifications", "/notifications?unread=1", "/"):
        page.set_viewport_size({"width": 1280, "height": 860})
        visit(page, f"{address}{path}")
        bell(page, 121)
        assert_accessible(page)
        assert_no_sideways_scroll(page)


def test_a_crash_loop_shows_at_the_bell_until_it_is_mended(
    page: Page, address: str, life: Life, tenant: Tenant
):
    offer(life)
    life.cycle.install(tenant.owner(), ALL)
    page.clock.install()
    visit(page, f"{address}/leads")
    bell(page, 0)
    crash(life, tenant)
    page.clock.fast_forward(BELL_MS)
    bell(page, 1)
    page.get_by_role("link", name="Notifications, 1 unread").press("Enter")
    expect(page.get_by_role("heading", name="Hello World was switched off")).to_be_visible()
    expect(page.get_by_text("killed by signal 11")).to_be_visible()
    page.get_by_role("link", name="Mend it").press("Enter")
    expect(page.get_by_role("heading", name="Hello World")).to_be_visible()
    page.get_by_role("button", name="Enable").first.click()
    bell(page, 0)
    visit(page, f"{address}/notifications")
    expect(page.get_by_text("Mended", exact=True)).to_be_visible()


def test_what_was_read_is_new_again_when_it_happens_again(
    page: Page, address: str, life: Life, tenant: Tenant
):
    tell(life.core, tenant)
    tell(life.core, tenant, key="another")
    visit(page, f"{address}/notifications")
    page.get_by_role("button", name="Mark as read").first.click()
    bell(page, 1)
    page.get_by_role("button", name="Mark all as read").press("Enter")
    bell(page, 0)
    expect(page.get_by_text("All notifications are marked as read.")).to_be_visible()
    tell(life.core, tenant)
    visit(page, f"{address}/notifications?unread=1")
    bell(page, 1)
    expect(page.get_by_text("2 times")).to_be_visible()


def test_a_bell_that_gets_no_answer_keeps_still(
    page: Page, address: str, browser_problems: list[str]
):
    page.clock.install()
    visit(page, f"{address}/leads")
    page.route("**/notifications/bell*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.fast_forward(BELL_MS)
    page.unroute_all()
    with page.expect_response("**/notifications/bell*"):
        page.clock.fast_forward(BELL_MS)
    bell(page, 0)
    expect(page.get_by_role("status").get_by_text("reached")).to_have_count(0)
    browser_problems.clear()  # Chromium reports the request itself


def test_the_bell_of_a_session_that_ended_goes_away(page: Page, address: str):
    page.clock.install()
    visit(page, f"{address}/leads")
    page.context.clear_cookies()
    page.clock.fast_forward(BELL_MS)
    expect(page.locator("#bell")).to_have_count(0)
    expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()
