"""A failing endpoint is seen, looked into, mended, and everything since an hour is sent again.

On a server that really runs, with a real browser, to the workspace's own test receiver.
"""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import assert_accessible
from tests.support.served_demo import SECONDS, ServedDemo
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey]
# Three days of attempts are long: what waits for its next one has had its last but one.
LAST_TRY = (
    "UPDATE webhook_deliveries SET round_attempts = 9, due_at = created_at WHERE state = 'queued'"
)


@pytest.fixture
def served(start_tree: Any, tmp_path: Path) -> ServedDemo:
    return ServedDemo(start_tree, tmp_path / "home")


@pytest.fixture
def page(served: ServedDemo, browser_page: Page) -> Page:
    return served.sign_in(browser_page)


def sent(served: ServedDemo, state: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]]
    found = served.ask("GET", f"/api/webhook-deliveries?state={state}")["data"]
    return found


def make_endpoint(page: Page, served: ServedDemo) -> str:
    """Make the test receiver and an endpoint that sends to it; give the secret."""
    page.goto(f"{served.address}/webhooks/receiver")
    page.get_by_role("button", name="Make an address").click()
    page.get_by_role("link", name="Send events here").click()
    page.get_by_role("checkbox", name="lead.created").check()
    page.get_by_role("button", name="Make the endpoint").click()
    expect(page.locator("#secret")).to_contain_text("whsec_")
    return page.locator("#secret").inner_text()


def answer_with(page: Page, served: ServedDemo, status: str) -> None:
    page.goto(f"{served.address}/webhooks/receiver")
    page.get_by_label("Answers with").select_option(status)
    page.get_by_role("button", name="Save the answer").click()
    expect(page.get_by_label("Answers with")).to_have_value(status)


def look_into_it(page: Page, served: ServedDemo) -> None:
    """Read of the failing endpoint what was asked and answered, attempt by attempt."""
    page.goto(f"{served.address}/webhooks")
    expect(page.get_by_text("Can be replayed")).to_be_visible()
    expect(page.locator("[data-endpoint]")).to_contain_text("Failing")
    page.locator("[data-endpoint] a").click()
    page.get_by_role("link", name="lead.created").first.click()
    expect(page.locator("[data-attempt]").first).to_contain_text("500")
    assert_accessible(page)
    page.get_by_role("link", name="Request").click()
    expect(page.get_by_label("Request body")).to_contain_text("Lovelace")
    expect(page.get_by_label("Request headers")).to_contain_text("webhook-id")
    page.get_by_role("link", name="Response").click()
    expect(page.get_by_text("Status 500")).to_be_visible()


def send_everything_again(page: Page, served: ServedDemo) -> None:
    page.goto(f"{served.address}/webhooks/recover")
    page.get_by_label("Since").select_option("1")
    page.get_by_role("button", name="Count").click()
    expect(page.locator("[data-count]")).to_have_text("1")
    page.get_by_role("button", name="Send them again").click()


def check_its_signature(page: Page, served: ServedDemo, secret: str) -> None:
    page.goto(f"{served.address}/webhooks/receiver")
    page.get_by_role("link", name="Check its signature").first.click()
    page.locator("[name=secret]").fill(secret)
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("It holds")).to_have_count(2)


def test_a_failing_endpoint_is_seen_mended_and_caught_up(page: Page, served: ServedDemo):
    secret = make_endpoint(page, served)
    answer_with(page, served, "500")
    served.lead("Lovelace")
    eventually(lambda: sent(served, "retrying"), SECONDS)
    served.change_rows(LAST_TRY)
    eventually(lambda: sent(served, "failed"), SECONDS)
    look_into_it(page, served)
    answer_with(page, served, "200")
    send_everything_again(page, served)
    (delivery,) = eventually(lambda: sent(served, "delivered"), SECONDS)
    assert (delivery["trigger"], delivery["last_status"]) == ("manual", 200)
    page.goto(f"{served.address}/webhooks/receiver")
    caught = page.locator("[data-caught]")
    assert caught.count() >= 3
    expect(caught.filter(has_text=delivery["event_id"])).to_have_count(caught.count())
    check_its_signature(page, served, secret)
