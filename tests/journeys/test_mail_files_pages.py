"""Files of mails in a real browser: chosen in the form, saved from the pages, on a phone too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from extensions.sdk.capabilities.email import Address, MailFile, ReceivedMail
from geminicrm.app import Core, create_app
from geminicrm.crm.filing import MailRecords
from geminicrm.mail.filing import file_mail
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "the-northern-provinces-" * 6
MAIL = ReceivedMail(
    id="1", message_id="<m1@x>", subject="Files", received_at=datetime(2026, 11, 20, tzinfo=UTC),
    size=9, sender=Address(email="ada@engines.example.com", name="Ada"), text="See below.",
    files=(
        MailFile(name=f"{LONG}.svg", content=b"<svg/>", media_type="image/svg+xml"),
        MailFile(name="film.mp4", content=b"", size=9_000_000, left_out=True),
        *(MailFile(name=f"{number}.txt", content=b"") for number in range(6)),
    ),
)  # fmt: skip


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
def lead(core: Core, tenant: Tenant) -> str:
    """Give the id of a lead with a mail that has files."""
    given = {"last_name": "Lovelace", "email": "ada@engines.example.com"}
    made = core.crm.leads.create(tenant.owner(), given)
    with core.works.write(tenant.system()) as work:
        file_mail(work, MailRecords(core.crm), "conn_1", MAIL, personal=False)
    return str(made["id"])


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-ready]")).to_be_attached()


def assert_fits(page: Page, name: str, shots: Path) -> None:
    page.screenshot(path=shots / f"{name}.png", full_page=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(
    page: Page, address: str, lead: str, theme: str, width: int, tmp_path: Path
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page.set_viewport_size({"width": width, "height": 860})
    visit(page, f"{address}/leads/{lead}")
    expect(page.get_by_text("and 3 more")).to_be_visible()
    assert_fits(page, "lead", tmp_path)
    page.set_viewport_size({"width": width, "height": 860})
    page.get_by_role("link", name="Received mail").click()
    expect(page.get_by_text("too large to be kept here")).to_be_visible()
    assert_fits(page, "received", tmp_path)
    page.set_viewport_size({"width": width, "height": 860})
    visit(page, f"{address}/outbox/new")
    assert_fits(page, "new", tmp_path)
    page.set_viewport_size({"width": width, "height": 860})
    visit(page, f"{address}/account")
    assert_fits(page, "account", tmp_path)


def test_buttons_of_the_account_stand_apart_from_its_address(page: Page, address: str):
    visit(page, f"{address}/account")
    row = page.locator("dl.fields").first.bounding_box()
    buttons = page.get_by_role("link", name="Change the password").bounding_box()
    assert row is not None
    assert buttons is not None
    assert buttons["y"] - row["y"] - row["height"] >= 8


def test_files_are_chosen_sent_and_saved(page: Page, address: str, lead: str, tmp_path: Path):
    offer, plan = tmp_path / "Über uns.html", tmp_path / "plan.txt"
    offer.write_text("<script>document.title = 'broken in'</script>")
    plan.write_text("the plan")
    visit(page, f"{address}/outbox/new?related_type=lead&related_id={lead}")
    page.get_by_label("Subject").fill("The plan")
    page.get_by_label("Text").fill("See below.")
    page.get_by_label("Files").set_input_files([offer, plan])
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="The plan")).to_be_visible()
    assert_fits(page, "one", tmp_path)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Über uns.html").click()
    assert saved.value.suggested_filename == "Über uns.html"
    assert Path(saved.value.path()).read_bytes() == offer.read_bytes()
    visit(page, f"{address}/outbox")
    expect(page.get_by_text("2 files")).to_be_visible()


def test_the_address_of_a_file_shows_nothing(page: Page, address: str, lead: str):
    visit(page, f"{address}/leads/{lead}")
    href = page.get_by_role("link", name=f"{LONG}.svg").get_attribute("href")
    with page.expect_download() as saved:
        page.evaluate("address => { location.href = address }", f"{address}{href}")
    assert saved.value.suggested_filename.endswith(".svg")
    expect(page).to_have_url(f"{address}/leads/{lead}")
