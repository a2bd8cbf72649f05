"""Moderation in a real browser: a version is read and listed, one is stopped, one is warned of."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from geminicrm.app import Core, create_app
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant, make_tenant
from tests.unit.marketplace.conftest import Author, sign_up

pytestmark = [pytest.mark.browser, pytest.mark.journey]
NAME = "deal-insights"


@pytest.fixture
def market(make_core: Callable[..., Core], tmp_path: Path) -> tuple[Core, Tenant]:
    """A marketplace where one version is listed and the next one waits."""
    core = make_core(GEMINICRM_REGISTRY_REVIEW="all")
    tenant = make_tenant(core, "north")
    sign_up(core, tenant)
    author = Author(tmp_path)
    operator = tenant.system()
    core.registry.publish(tenant.owner(), author.package(NAME, version="1.0.0"))
    core.marketplace.moderation.decisions.approve(operator, NAME, "1.0.0")
    host = {"host": "api.the-northern-provinces.example.com", "reason": "Asks for scores."}
    more = {"permissions": ["read:leads", "write:deals"], "network": [host]}
    core.registry.publish(tenant.owner(), author.package(NAME, version="1.1.0", **more))
    return core, tenant


@pytest.fixture
def address(market: tuple[Core, Tenant]) -> Iterator[str]:
    with serving(create_app(core=market[0])) as address:
        yield address


def look(page: Page) -> None:
    """Look at the page in both themes and on a phone."""
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture
def page(browser_page: Page, address: str, market: tuple[Core, Tenant]) -> Iterator[Page]:
    """Sign the operator in."""
    browser_page.goto(f"{address}/sign-in")
    browser_page.get_by_label("E-mail").fill(market[1].email)
    browser_page.get_by_label("Password").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    browser_page.get_by_role("link", name="Moderation").first.click()
    yield browser_page
    # A page that is still loading when the server goes would be a problem of its own.
    browser_page.wait_for_load_state("networkidle")


def test_a_version_is_read_and_listed(page: Page):
    look(page)
    page.get_by_role("link", name="Deal insights 1.1.0").click()
    expect(page.get_by_text("Compared with 1.0.0")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Approve and list it").click()
    expect(page.get_by_text("deal-insights 1.1.0 is listed now.")).to_be_visible()


def test_an_advisory_is_published(page: Page, address: str, browser_problems: list[str]):
    page.locator("#advisory-extension").fill(NAME)
    page.locator("#advisory-affected").fill("latest")
    page.locator("#advisory-title").fill("It leaks names")
    page.get_by_role("button", name="Publish the advisory").click()
    expect(page.get_by_text("is not a version range")).to_be_visible()
    look(page)
    assert all("422" in problem for problem in browser_problems)
    browser_problems.clear()  # Chromium reports the 422 itself
    page.locator("#advisory-affected").fill("<1.1.0")
    page.get_by_role("button", name="Publish the advisory").click()
    expect(page.get_by_text("The advisory about deal-insights is out.")).to_be_visible()

    page.goto(f"{address}/marketplace/{NAME}")
    expect(page.get_by_text("It leaks names")).to_be_visible()
    look(page)


def test_an_order_is_given_and_lifted(page: Page):
    page.locator("#kill-extension").fill(NAME)
    page.locator("#kill-affected").fill("<1.0.0")
    page.locator("#kill-reason").fill("It steals tokens.")
    page.get_by_role("button", name="Stop these versions").click()
    expect(page.get_by_text("0 installations are stopped here.")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Lift the order").or_(
        page.get_by_role("button", name="Lift")
    ).first.click()
    expect(page.get_by_text("The order is lifted.")).to_be_visible()
