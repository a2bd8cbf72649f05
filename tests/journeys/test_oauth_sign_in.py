"""Signing in at a service in a real browser: past the policy of the page, there and back."""

import pytest
from playwright.sync_api import Page, Route

from geminicrm.app import create_app
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD
from tests.support.signed_in import SignedIn, SignIn

pytestmark = [pytest.mark.browser, pytest.mark.journey]
PRESS = """(path) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = path;
  const field = document.createElement("input");
  field.name = "csrf_token";
  field.value = document.querySelector("meta[name=csrf-token]").content;
  form.append(field);
  document.body.append(form);
  form.submit();
}"""


def stay(route: Route) -> None:
    """Let the page not lead on, so that it can be looked at."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('http-equiv="refresh"', "data-stay"))


@pytest.fixture
def made(sign_in_to: SignIn, oauth2_mock_server: str) -> SignedIn:
    return sign_in_to(config={"base_url": oauth2_mock_server})


@pytest.fixture
def page(made: SignedIn, browser_page: Page, monkeypatch: pytest.MonkeyPatch):
    app = create_app(core=made.core)
    with serving(app) as base:
        monkeypatch.setattr(made.core.oauth.journeys, "_public_url", base)
        browser_page.goto(f"{base}/sign-in")
        browser_page.locator("[name=email]").fill(made.tenant.email)
        browser_page.locator("[name=password]").fill(PASSWORD)
        browser_page.get_by_role("button", name="Sign in").click()
        browser_page.wait_for_url(f"{base}/")
        yield browser_page


def test_the_browser_is_led_there_and_back(page: Page, made: SignedIn) -> None:
    page.evaluate(PRESS, f"/integrations/{made.id}/sign-in")
    page.wait_for_url(f"**/integrations/{made.id}")
    page.wait_for_load_state("networkidle")
    assert made.row.status == "connected"
    assert made.token is not None


def test_the_page_that_leads_on_can_be_read(page: Page, made: SignedIn) -> None:
    page.route(f"**/{made.id}/sign-in", stay)
    page.evaluate(PRESS, f"/integrations/{made.id}/sign-in")
    page.get_by_role("link", name="Continue").wait_for()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
