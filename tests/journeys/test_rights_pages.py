"""Who enforces what, trust and trimming, in a real browser: both themes, a phone, the keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from geminicrm.runtime.ledger import Ledger
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.life import ALL, HELLO, Life, change_row, files, offer, zipped
from tests.support.life_app import CONSENT, PAGE, life_app

pytestmark = [pytest.mark.browser, pytest.mark.journey]
RIGHTS = f"{PAGE}/permissions"
LEVEL = {
    "landlock": "on (ABI 7)",
    "seccomp": "on",
    "rlimits": "on",
    "uid": "off: the server was not started as root",
    "capabilities": "on",
    "parent": "on",
    "cgroup": "off: no control group is delegated to the server",
}
MANIFEST = {
    "permissions": ["read:leads", "write:leads", "read:users"],
    "optional_permissions": ["read:deals"],
    "permission_reasons": {"write:leads": "Writes the score into the lead."},
    "network": [
        {"host": "api.scores-of-the-northern-provinces.example.com", "reason": "Asks for scores."},
        {"setting": "url", "reason": "Your own server."},
    ],
    "settings": [{"id": "url", "type": "url", "label": "Address"}],
}


@pytest.fixture
def address(life: Life, tenant: Tenant) -> Iterator[str]:
    """A sandboxed extension is installed, has done something, and tried more."""
    offer(life, **MANIFEST)
    one = life.cycle.install(tenant.owner(), ALL).installation["id"]
    change_row(life, tenant, built_in=False, trusted=False, level=LEVEL)
    ledger = Ledger(life.core.works)
    ledger.count(tenant.id, one, "read:leads", allowed=True)
    ledger.count(tenant.id, one, "write:deals", allowed=False)
    ledger.count_host(tenant.id, one, MANIFEST["network"][0]["host"], allowed=True)
    ledger.count_host(tenant.id, one, "collector.example", allowed=False)
    ledger.flush()
    life.shelf.put(zipped(files(id="stranger", **MANIFEST)), "stranger", built_in=False)
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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("trusted", [False, True], ids=["sandboxed", "trusted"])
def test_the_pages_are_accessible_and_fit_a_phone(
    page: Page,
    address: str,
    life: Life,
    tenant: Tenant,
    theme: str,
    trusted: bool,  # noqa: FBT001 - a column of the table above
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    change_row(life, tenant, trusted=trusted)
    for path in (PAGE, RIGHTS, "/installed", CONSENT.replace(HELLO, "stranger")):
        page.set_viewport_size({"width": 1280, "height": 860})
        visit(page, f"{address}{path}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)


def test_what_was_never_used_goes_with_one_question(page: Page, address: str):
    visit(page, f"{address}{RIGHTS}")
    page.get_by_role("button", name="Remove all never used (2)").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It says that it can't do without write:leads, read:users")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert_accessible(page)
    dialog.get_by_role("button", name="Remove 2 permissions").click()
    expect(page.get_by_text("write:leads, read:users is taken away")).to_be_visible()
    page.get_by_role("button", name="Give back write:leads").press("Enter")
    expect(page.get_by_role("button", name="Remove write:leads")).to_be_visible()
    page.get_by_role("button", name="Remove read:leads").click()
    expect(page.get_by_role("button", name="Give back read:leads")).to_be_visible()


def test_trust_is_typed(page: Page, address: str, browser_problems: list[str]):
    visit(page, f"{address}{PAGE}")
    page.get_by_label("Type hello-world to say that you want this").fill("hello")
    page.get_by_role("button", name="Trust it and remove its locks").click()
    expect(page.get_by_text("Type hello-world exactly")).to_be_visible()
    assert_accessible(page)
    browser_problems.clear()  # Chromium reports the 422 itself
    page.get_by_label("Type hello-world to say that you want this").fill(HELLO)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You trust this extension")).to_be_visible()
    page.get_by_role("button", name="Stop trusting it").click()
    expect(page.get_by_role("heading", name="Trust this extension")).to_be_visible()
