"""Payments in a real browser: both themes, a phone, a request from a deal that is seen paid."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from extensions.sdk.capabilities.payment_shapes import Money
from extensions.sdk.service_errors import AuthenticationError
from geminicrm.app import create_app
from geminicrm.core import Core
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.paying import PRICED, Desk, desk_of

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "the-northern-provinces-" * 8
STATES = ("asking", "open", "paid", "expired", "canceled", "failed", "unknown", "differs")
PAID = {"paid": True, "status": "complete", "payment_id": "pi_1", "url": ""}


@pytest.fixture
def desk(core: Core, tenant: Tenant) -> Iterator[Desk]:
    made = desk_of(core, tenant)
    yield made
    made.hands.close()


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    with serving(create_app(core=replace(desk.core, payments=desk.payments))) as base:
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


def put(desk: Desk, lead_id: str) -> None:
    """Store a payment of a lead in each state."""
    url = f"https://pay.example/{LONG}"
    for state in STATES:
        payment_id = desk.ask(related=("lead", lead_id), description=LONG)
        facts = {"state": state, "checkout_id": "cs_1", "url": url, "live": False}
        facts |= {"paid_minor": 1000, "paid_currency": "EUR", "refunded_minor": 500}
        desk.change(payment_id, **facts, error=f"It said: {LONG}", mend="Look there.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(page: Page, address: str, desk: Desk, theme: str):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    visit(page, f"{address}/payments")
    expect(page.get_by_role("heading", name="No payments here")).to_be_visible()
    assert_accessible(page)
    lead_id = desk.lead()
    put(desk, lead_id)
    form = f"/payments/new?related_type=lead&related_id={lead_id}"
    for path in ("/payments", form, "/payments/thanks", "/payments/not-paid"):
        page.set_viewport_size({"width": 1280, "height": 860})
        visit(page, f"{address}{path}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        assert_accessible(page)
    visit(page, f"{address}/leads/{lead_id}")
    expect(page.locator("[data-payment]")).to_have_count(len(STATES))
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_a_payment_is_requested_on_a_deal_and_seen_paid(
    page: Page, address: str, desk: Desk, tenant: Tenant, browser_problems: list[str]
):
    crm = desk.core.crm
    contact = crm.contacts.create(tenant.owner(), {"last_name": "Hopper", "email": "g@example.com"})
    facts = {"name": "Engine", "amount": "500", "currency": "JPY", "contact_id": contact["id"]}
    deal = crm.deals.create(tenant.owner(), facts)
    visit(page, f"{address}/deals/{deal['id']}")
    page.get_by_role("link", name="Request a payment").click()
    expect(page.get_by_label("Amount")).to_have_value("500")
    expect(page.get_by_label("Payer's e-mail")).to_have_value("g@example.com")
    page.get_by_label("Amount").fill("500.5")
    page.get_by_role("button", name="Request payment").click()
    expect(page.get_by_text("JPY has 0 decimals").first).to_be_visible()
    browser_problems.clear()  # Chromium reports an answer of 422 by itself
    page.get_by_label("Amount").fill("700")
    page.get_by_role("button", name="Request payment").click()
    expect(page.get_by_text("Being asked")).to_be_visible()
    desk.hands.work()
    page.reload()
    expect(page.locator("[data-payment]").get_by_text("¥700", exact=True)).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == desk.all()[0]["url"]
    desk.paying.answers = [{**PAID, "total": Money(amount=700, currency="JPY")}]
    page.get_by_role("button", name="Check now the payment").click()
    expect(page.locator("[data-payment]").get_by_text("Paid", exact=True)).to_be_visible()
    expect(page.get_by_text("Paid: ¥700 for Engine")).to_be_visible()


def test_what_failed_says_why_and_is_asked_again(page: Page, address: str, desk: Desk):
    desk.paying.answers = [AuthenticationError("The key was taken back.")]
    lead_id = desk.lead(**PRICED)
    desk.hands.work()
    visit(page, f"{address}/leads/{lead_id}")
    expect(page.get_by_text("The key was taken back.")).to_be_visible()
    page.get_by_role("button", name="Ask again for the payment").click()
    desk.hands.work()
    page.reload()
    expect(page.locator("[data-payment]").get_by_text("Open", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel the payment").click()
    expect(page.locator("[data-payment]").get_by_text("Canceled", exact=True)).to_be_visible()


def test_an_admin_switches_new_leads_off(page: Page, address: str):
    visit(page, f"{address}/payments")
    page.get_by_role("button", name="Don't ask new leads to pay").click()
    expect(page.get_by_text("New leads are not asked to pay.")).to_be_visible()
