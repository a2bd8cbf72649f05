"""The outbox in a real browser: both themes, a phone, a mail from a lead, what becomes of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from extensions.sdk.capabilities.email import Address
from geminicrm.app import Core, create_app
from geminicrm.crm.filing import MailRecords
from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.templating import save_template
from geminicrm.mail.writing import NewMail, write_mail
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LEAD = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@engines.example.com"}
TEMPLATE = {"name": "Welcome", "subject": "Hello {{first_name}}", "text": "Dear {{first_name}},"}
LONG = "the-northern-provinces-" * 8


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


def put(core: Core, tenant: Tenant, state: str) -> str:
    """Store a mail in a state; give its id."""
    new = NewMail(to=(Address(email="a@example.com", name=LONG[:80]),), subject=LONG, text="Hi")
    with core.works.write(tenant.owner()) as work:
        row = write_mail(work, new)
        row.state, row.error, row.mend = state, f"The service said: {LONG}", "Look there."
        return row.id


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(
    page: Page, address: str, core: Core, tenant: Tenant, theme: str
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    visit(page, f"{address}/outbox")
    expect(page.get_by_role("heading", name="No mails here")).to_be_visible()
    assert_accessible(page)
    ids = [put(core, tenant, state) for state in ("waiting", "sent", "failed", "unknown")]
    with core.works.write(tenant.owner()) as work:
        save_template(work, TEMPLATE, MailRecords(core.crm).fields())
    for path in ("/outbox", "/outbox/new", *(f"/outbox/{one}" for one in ids)):
        page.set_viewport_size({"width": 1280, "height": 860})
        visit(page, f"{address}{path}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)


def test_a_mail_is_written_from_a_lead_with_a_template(
    page: Page, address: str, core: Core, tenant: Tenant, browser_problems: list[str]
):
    lead = core.crm.leads.create(tenant.owner(), LEAD)
    with core.works.write(tenant.owner()) as work:
        save_template(work, TEMPLATE, MailRecords(core.crm).fields())
    visit(page, f"{address}/leads/{lead['id']}")
    page.locator("summary[aria-label='More actions']").click()
    page.get_by_role("link", name="Write a mail").click()
    expect(page.get_by_text("Nobody can send mail here yet")).to_be_visible()
    page.get_by_label("Begin from a template").select_option("Welcome")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_label("Subject")).to_have_value("Hello Ada")
    expect(page.get_by_label("To", exact=True)).to_have_value(
        '"Ada Lovelace" <ada@engines.example.com>'
    )
    page.get_by_label("Subject").fill("")
    page.get_by_label("To", exact=True).fill("nobody")
    page.locator("form.form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Give a subject of one line").first).to_be_visible()
    browser_problems.clear()  # Chromium reports an answer of 422 by itself
    expect(page.get_by_label("Text")).to_have_value("Dear Ada,")
    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("To", exact=True).fill("ada@engines.example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Hello")).to_be_visible()
    page.get_by_role("link", name="Open the lead").click()
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


def test_a_person_decides_about_a_mail_of_unknown_fate(
    page: Page, address: str, core: Core, tenant: Tenant
):
    mail_id = put(core, tenant, "unknown")
    visit(page, f"{address}/outbox/{mail_id}")
    expect(page.get_by_text("It may have been sent")).to_be_visible()
    page.get_by_role("button", name="It was sent").click()
    expect(page.get_by_text("Noted: it was sent.")).to_be_visible()
    with core.works.read(tenant.owner()) as work:
        assert work.get(OutgoingMail, mail_id).state == "sent"


def test_waiting_mails_and_a_test_mail_are_sent(
    page: Page, address: str, core: Core, tenant: Tenant
):
    waiting = put(core, tenant, "waiting")
    visit(page, f"{address}/outbox")
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_role("heading", name="Test mail")).to_be_visible()
    visit(page, f"{address}/outbox/{waiting}")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("The mail is on its way.")).to_be_visible()
