"""Members, invitations and passwords in a real browser: both themes, a phone, whole ways."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from geminicrm.app import Core, create_app
from geminicrm.identity.people import create_user
from geminicrm.mail.models import OutgoingMail
from geminicrm.members.invitations import NewInvitation, invite
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "a-very-long-name-of-somebody-in-the-northern-provinces"
NEW = f"{LONG}@hopper.example"


@pytest.fixture
def address(core: Core) -> Iterator[str]:
    with serving(create_app(core=core)) as base:
        yield base


@pytest.fixture
def page(address: str, browser_page: Page, tenant: Tenant) -> Page:
    enter(browser_page, address, tenant.email)
    return browser_page


def enter(page: Page, address: str, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{address}/sign-in")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def look(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto(url)
    expect(page.locator("html[data-ready]")).to_be_attached()
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def links(core: Core, tenant: Tenant) -> list[str]:
    """Make a link for a password and an invitation; give the paths of both."""
    reset = core.members().passwords.link_for(tenant.email)
    return [urlsplit(reset).path, invitation(core, tenant)]


def invitation(core: Core, tenant: Tenant) -> str:
    """Invite somebody new where nobody can send mail; give the path of the link."""
    new = NewInvitation(email=NEW, first_name="Grace")
    with core.works.write(tenant.system()) as work:
        row = invite(work, core.members().mails, new)
        mail = work.get(OutgoingMail, row.mail_id or "")
        mail.state = "waiting"
        return urlsplit(core.secret_links.show(work, mail)).path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(
    page: Page, address: str, core: Core, tenant: Tenant, theme: str
):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    with core.works.across_workspaces("a member for a test", write=True) as work:
        create_user(work, tenant.id, f"{LONG}@north.example", "member", PASSWORD)
    reset, invited = links(core, tenant)
    shown = ("/members", "/account", "/account/password", "/account/email")
    for path in (*shown, "/forgot-password", "/forgot-password/asked", reset, invited):
        look(page, f"{address}{path}")
    page.goto(f"{address}/members")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#secret-link")).to_contain_text("/accept-invitation/gci_")
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_a_dead_link_says_what_to_do(browser_page: Page, address: str, browser_problems: list[str]):
    browser_page.goto(f"{address}/accept-invitation/gci_nothing")
    expect(browser_page.get_by_role("heading", name="This link is not known")).to_be_visible()
    assert_accessible(browser_page)
    assert_no_sideways_scroll(browser_page)
    browser_problems.clear()  # Chromium reports an answer of 404 by itself


def test_an_invitation_is_accepted(browser_page: Page, address: str, core: Core, tenant: Tenant):
    browser_page.goto(f"{address}{invitation(core, tenant)}")
    browser_page.get_by_label("Your name").fill("Grace Hopper")
    browser_page.get_by_label("Password").fill(PASSWORD)
    browser_page.get_by_role("button", name="Join").click()
    expect(browser_page.get_by_text("Welcome. You are a member now.")).to_be_visible()
    browser_page.goto(f"{address}/members")
    expect(browser_page.get_by_role("cell", name="Grace Hopper You")).to_be_visible()


def test_a_password_is_set_by_a_link(browser_page: Page, address: str, core: Core, tenant: Tenant):
    browser_page.goto(f"{address}{links(core, tenant)[0]}")
    browser_page.get_by_label("New password").fill("another horse battery")
    browser_page.get_by_role("button", name="Set the password").click()
    expect(browser_page.get_by_text("Sign in with it.")).to_be_visible()
    enter(browser_page, address, tenant.email, "another horse battery")
    look(browser_page, f"{address}/members")  # nothing is on its way there when the server ends


def test_a_member_is_given_another_role_and_removed(
    page: Page, address: str, core: Core, tenant: Tenant
):
    with core.works.across_workspaces("a member for a test", write=True) as work:
        create_user(work, tenant.id, "mary@north.example", "member", PASSWORD)
    page.goto(f"{address}/members")
    page.get_by_label("Role of Mary", exact=True).select_option("admin")
    page.get_by_role("button", name="Change the role of Mary").click()
    expect(page.get_by_text("The role is changed")).to_be_visible()
    page.get_by_role("row", name="Mary").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("They are no member any more.")).to_be_visible()
