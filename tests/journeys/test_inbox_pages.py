"""The inbox and the templates in a real browser: both themes, a phone, a mail put on its lead."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from extensions.sdk.capabilities.email import Address, ReceivedMail
from geminicrm.app import Core, create_app
from geminicrm.crm.filing import MailRecords
from geminicrm.mail.filing import file_mail
from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.templating import save_template
from geminicrm.mail.writing import NewMail, write_mail
from geminicrm.runtime.mailing import CapabilityMailer
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "the-northern-provinces-" * 8
MAIL = ReceivedMail(
    id="1", message_id="<m1@x>", subject=LONG, received_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
    size=9, sender=Address(email="ada@engines.example.com", name=LONG[:90]),
    html=f"<p>{LONG}</p>",
)  # fmt: skip
TEMPLATE = {"name": LONG[:110], "subject": LONG, "text": "Dear {{first_name}},"}


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


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an account that mail can be sent through; asked for before the pages are."""
    known = [("conn_1", "Sales")]
    monkeypatch.setattr(CapabilityMailer, "accounts", lambda _self, _actor: known)


@pytest.fixture
def lead(core: Core, tenant: Tenant) -> str:
    given = {"first_name": "Ada", "last_name": LONG[:90], "company": "Engines"}
    return str(core.crm.leads.create(tenant.owner(), given)["id"])


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-ready]")).to_be_attached()


def come(core: Core, tenant: Tenant, **facts: str) -> None:
    with core.works.write(tenant.system()) as work:
        mail = replace(MAIL, **facts)  # type: ignore[arg-type]  # texts alone are changed here
        file_mail(work, MailRecords(core.crm), "conn_1", mail, personal=False)


def put_template(core: Core, tenant: Tenant) -> str:
    with core.works.write(tenant.owner()) as work:
        return save_template(work, TEMPLATE, MailRecords(core.crm).fields()).id


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(
    page: Page, address: str, core: Core, tenant: Tenant, theme: str, width: int
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page.set_viewport_size({"width": width, "height": 860})
    visit(page, f"{address}/inbox")
    expect(page.get_by_role("heading", name="Nothing to file")).to_be_visible()
    assert_accessible(page)
    visit(page, f"{address}/mail-templates")
    expect(page.get_by_role("heading", name="No templates yet")).to_be_visible()
    assert_accessible(page)
    come(core, tenant)
    template = f"/mail-templates/{put_template(core, tenant)}"
    given = {"first_name": "Ada", "last_name": LONG[:90], "company": "Engines"}
    lead = core.crm.leads.create(tenant.owner(), given)["id"]
    visit(page, f"{address}/inbox")
    mail = page.locator("[data-mail] a").first.get_attribute("href")
    for path in (
        "/inbox", f"{mail}?find=Ada", f"/outbox/new?answer_to={(mail or '').rpartition('/')[2]}",
        "/mail-templates", "/mail-templates/new", template, f"{template}/preview?find=Ada",
        f"{template}/preview?kind=lead&id={lead}",
    ):  # fmt: skip
        visit(page, f"{address}{path}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)


def test_a_mail_is_put_on_a_lead_and_answered_by_keyboard(
    page: Page, address: str, core: Core, tenant: Tenant, lead: str
):
    come(core, tenant, subject="About the engine", text="It works.", html="")
    visit(page, f"{address}/inbox")
    page.get_by_role("link", name="About the engine").press("Enter")
    page.get_by_label("Name or address of a lead").fill("Ada")
    page.get_by_label("Name or address of a lead").press("Enter")
    page.get_by_role("button", name="Put it here: Ada").press("Enter")
    expect(page.get_by_text("The mail is on the lead now")).to_be_visible()
    visit(page, f"{address}/leads/{lead}")
    assert_accessible(page)
    page.get_by_role("link", name="Received mail").click()
    page.get_by_role("link", name="Answer").click()
    expect(page.get_by_label("Subject")).to_have_value("Re: About the engine")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Re: About the engine")).to_be_visible()
    with core.works.read(tenant.owner()) as work:
        (row,) = work.session.query(OutgoingMail).all()
    assert (row.related_id, row.in_reply_to) == (lead, "<m1@x>")


def test_a_mail_is_ignored_after_a_question(page: Page, address: str, core: Core, tenant: Tenant):
    come(core, tenant, subject="Buy now")
    visit(page, f"{address}/inbox")
    page.get_by_role("link", name="Buy now").click()
    expect(page.get_by_role("button", name="Ignore")).to_be_visible()
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.get_by_role("button", name="Ignore").click()
    assert_accessible(page)
    page.get_by_role("button", name="Ignore it").click()
    expect(page.get_by_text("Nothing to file")).to_be_visible()


def test_all_that_wait_are_sent_after_a_question(
    account: None, page: Page, address: str, core: Core, tenant: Tenant
):
    new = NewMail(to=(Address(email="a@example.com"),), subject="Waits", text="Hi")
    with core.works.write(tenant.owner()) as work:
        write_mail(work, new).state = "waiting"
    visit(page, f"{address}/outbox")
    page.get_by_role("button", name="Send all that wait (1)").click()
    expect(page.get_by_text("can't be called back")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Send all", exact=True).click()
    expect(page.get_by_text("1 mail is on its way.")).to_be_visible()


def test_a_template_is_deleted_after_a_question(
    page: Page, address: str, core: Core, tenant: Tenant
):
    visit(page, f"{address}/mail-templates/{put_template(core, tenant)}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete template").click()
    expect(page.get_by_text("No templates yet")).to_be_visible()
