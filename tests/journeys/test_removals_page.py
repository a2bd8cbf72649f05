"""An uninstall and its way back, in a real browser: both themes, a phone, the keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.life import ALL, HELLO, Life
from tests.support.life_app import PAGE, life_app

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture
def address(life: Life, tenant: Tenant) -> Iterator[str]:
    """An extension is installed."""
    life.cycle.install(tenant.owner(), ALL)
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


def uninstall(page: Page, address: str) -> None:
    page.goto(f"{address}{PAGE}/uninstall")
    page.get_by_role("button", name="Uninstall").click()
    expect(page.get_by_role("heading", name="Recently removed")).to_be_visible()
    page.wait_for_load_state()  # the question needs its script, which comes after the table


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_is_accessible_and_fits_a_phone(page: Page, address: str, theme: str):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    uninstall(page, address)
    page.set_viewport_size({"width": 1280, "height": 860})
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_the_message_undoes_it_by_keyboard(page: Page, address: str):
    uninstall(page, address)
    undo = page.locator("#toasts").get_by_role("button", name="Undo")
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hello World is back, with all that it had.")).to_be_visible()
    expect(page).to_have_url(f"{address}{PAGE}")


def test_it_is_deleted_for_good_after_a_question(
    page: Page, address: str, life: Life, tenant: Tenant
):
    uninstall(page, address)
    section = page.locator("#removed")
    section.get_by_role("button", name="Delete for good").click()
    dialog = page.get_by_role("dialog", name="Delete Hello World for good?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    assert len(life.cycle.removals.removed(tenant.owner())) == 1
    section.get_by_role("button", name="Delete for good").click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("It is deleted for good.")).to_be_visible()
    assert life.cycle.removals.removed(tenant.owner()) == []
    assert life.cycle.list(tenant.owner()) == []


def test_undo_stands_in_the_list_as_well(page: Page, address: str, life: Life, tenant: Tenant):
    uninstall(page, address)
    page.locator("#removed").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Hello World is back")).to_be_visible()
    assert life.cycle.get(tenant.owner(), HELLO)["enabled"]
