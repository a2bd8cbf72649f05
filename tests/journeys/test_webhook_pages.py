"""The pages of webhooks in a real browser: both themes, a phone, keyboards, what arrives."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from geminicrm.app import create_app
from geminicrm.core import Core
from geminicrm.kernel.ids import new_id
from geminicrm.webhooks.incoming.models import Received, ReceivedItem
from geminicrm.webhooks.outgoing.models import ATTEMPTS, DELIVERIES, HEALTH
from geminicrm.webhooks.outgoing.wishes import NewEndpoint
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "the-northern-provinces-" * 8
STATES = ("queued", "sending", "delivered", "failed", "missed", "queued")


@pytest.fixture
def core(make_core: Callable[..., Core]) -> Core:
    return make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")


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


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-ready]")).to_be_attached()


@pytest.fixture
def filled(core: Core, tenant: Tenant) -> list[str]:
    """Store endpoints, deliveries in each state, a received request; give the pages to see."""
    owner = tenant.owner()
    url = f"http://127.0.0.1:8123/{LONG}"
    new = NewEndpoint(url=url, events=("lead.*", "deal.won"), description=LONG, rate=5)
    made = core.outgoing.endpoints.create(owner, new).endpoint["id"]
    core.outgoing.endpoints.pause(owner, core.outgoing.endpoints.create(owner, new).endpoint["id"])
    sent = [core.outgoing.trials.sample(owner, made, "lead.created")["id"] for _ in STATES]
    with core.works.across_workspaces("fill the log for a test", write=True) as work:
        for delivery_id, state in zip(sent, STATES, strict=True):
            told = {"state": state, "last_error": LONG, "last_status": 500, "milliseconds": 12000}
            chosen = DELIVERIES.c.id == delivery_id
            work.session.execute(update(DELIVERIES).where(chosen).values(told))
        work.session.execute(
            update(DELIVERIES).where(DELIVERIES.c.id == sent[-1]).values(round_attempts=2)
        )
        attempt = {
            "id": new_id("wat"), "workspace_id": tenant.id, "delivery_id": sent[3], "number": 1,
            "trigger": "manual", "asked_by": None, "url": url, "at": work.now,
            "milliseconds": 15000,
            "status": 500, "error": "status", "detail": LONG, "request_headers": {"X-Long": LONG},
            "response_headers": {"Server": LONG}, "response_body": LONG.encode(),
            "truncated": True, "next_attempt_at": work.now,
        }  # fmt: skip
        work.session.execute(insert(ATTEMPTS), [attempt])
        resting = {
            "failures": 10,
            "last_error": LONG,
            "open_until": work.now + timedelta(minutes=5),
        }
        work.session.execute(update(HEALTH).where(HEALTH.c.id == made).values(resting))
        receipt = Received(
            id=new_id("whr"), workspace_id=tenant.id, connection_id="con_1", owner_id=None,
            installation_id="inst_1", extension_id="stripe", webhook_id="events", scheme="stripe",
            received_at=work.now, method="POST", url=f"/api/webhooks/stripe/{LONG}",
            headers={"Stripe-Signature": LONG}, body=b'{"id": "evt_1"}', size=15,
            result="verified", part="", detail="", status=200,
        )  # fmt: skip
        work.session.add(receipt)
        work.session.flush()
        work.session.add(
            ReceivedItem(
                id=new_id("whi"),
                workspace_id=tenant.id,
                received_id=receipt.id,
                connection_id="con_1",
                position=0,
                key="evt_1",
                type="checkout.session.completed",
                data=b'{"id": "evt_1"}',
                state="failed",
                attempts=2,
                repeats=1,
                error=LONG,
                job_id="job_1",
                created_at=work.now,
            )
        )
    return [
        "/webhooks", "/webhooks/new", f"/webhooks/{made}", f"/webhooks/{made}/edit",
        "/webhooks/deliveries", f"/webhooks/deliveries/{sent[3]}",
        f"/webhooks/deliveries/{sent[3]}?tab=request",
        f"/webhooks/deliveries/{sent[3]}?tab=response", "/webhooks/recover",
        "/webhooks/received", f"/webhooks/received/{receipt.id}", "/webhooks/checker",
        "/webhooks/receiver",
    ]  # fmt: skip


def take(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    folder = os.environ.get("GEMINICRM_TEST_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(
    page: Page, address: str, filled: list[str], theme: str
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    for number, path in enumerate(filled):
        page.set_viewport_size({"width": 1280, "height": 860})
        visit(page, f"{address}{path}")
        assert_accessible(page)
        take(page, f"{theme}-{number}-wide")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        take(page, f"{theme}-{number}-phone")


def test_empty_pages_are_accessible_too(page: Page, address: str):
    for path in ("", "/deliveries", "/received", "/receiver", "/recover"):
        visit(page, f"{address}/webhooks{path}")
        assert_accessible(page)


def test_what_arrives_at_the_test_receiver_shows_up_by_itself(
    page: Page, address: str, core: Core, tenant: Tenant
):
    visit(page, f"{address}/webhooks/receiver")
    page.get_by_role("button", name="Make an address").click()
    expect(page.get_by_role("heading", name="Nothing has arrived")).to_be_visible()
    with core.works.read(tenant.owner()) as work:
        row = core.receivers.find(work)
        assert row is not None
        token = row.token
    page.request.post(f"{address}/webhooks/test/{token}", data='{"id": "evt_7"}')
    expect(page.locator("[data-caught]")).to_contain_text("evt_7")
    assert_accessible(page)
    page.get_by_role("link", name="Check its signature").click()
    expect(page.get_by_role("heading", name="Signature checker")).to_be_visible()


def test_an_endpoint_is_made_tried_and_deleted_by_keyboard(page: Page, address: str):
    visit(page, f"{address}/webhooks/new")
    page.get_by_label("Address").fill("http://127.0.0.1:8123/hook")
    page.get_by_role("checkbox", name="lead.created").check()
    page.get_by_role("button", name="Make the endpoint").press("Enter")
    expect(page.locator("#secret")).to_contain_text("whsec_")
    assert_accessible(page)
    page.get_by_role("link", name="Go on to the endpoint").press("Enter")
    page.get_by_role("button", name="Send a ping").press("Enter")
    expect(page.get_by_role("heading", name="webhook.ping")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Delete").press("Enter")
    assert_accessible(page)
    page.get_by_role("button", name="Delete endpoint").press("Enter")
    expect(page.get_by_role("heading", name="No endpoint yet")).to_be_visible()
