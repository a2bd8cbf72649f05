"""The bell above every page, and the page that it leads to."""

from flask import Flask
from flask.testing import FlaskClient

from geminicrm.app import Core
from geminicrm.identity.models import Workspace
from geminicrm.kernel.clock import FixedClock
from tests.support.core import Tenant
from tests.support.crm_pages import said
from tests.support.life_app import Browser
from tests.support.notices import mend, notifications, statements, tell, write_across

PAGE = "/notifications"
BELL = f"{PAGE}/bell"


def test_the_bell_says_how_many_are_unread(admin: Browser, core: Core, tenant: Tenant):
    assert "Notifications, 0 unread" in admin.get("/account")
    assert "bell-count" not in admin.get("/account")
    tell(core, tenant)
    tell(core, tenant, key="another")
    page = admin.get("/account")
    assert "Notifications, 2 unread" in page
    assert '<span class="bell-count" aria-hidden="true">2</span>' in page


def test_a_great_number_is_cut(admin: Browser, core: Core, tenant: Tenant):
    for number in range(100):
        tell(core, tenant, key=str(number))
    page = admin.get("/account")
    assert "Notifications, 100 unread" in page
    assert 'aria-hidden="true">99+</span>' in page


def test_the_bell_costs_one_query_and_others_none(
    admin: Browser, member: Browser, core: Core, tenant: Tenant
):
    tell(core, tenant)
    with statements(core, "notifications") as seen:
        page = member.get("/account")
        assert (seen, 'id="bell"' in page) == ([], False)
        admin.get("/account")
    assert len(seen) == 1


def test_the_bell_that_asks_again(admin: Browser, member: Browser, core: Core, tenant: Tenant):
    assert admin.client.get(f"{BELL}?shown=0").status_code == 204
    tell(core, tenant)
    told = admin.get(f"{BELL}?shown=0")
    assert "Notifications, 1 unread" in told
    assert f'hx-get="{BELL}?shown=1"' in told
    assert "<html" not in told
    assert member.client.get(f"{BELL}?shown=0").status_code == 286


def test_the_bell_of_one_who_signed_out_asks_no_more(client: FlaskClient):
    answer = client.get(f"{BELL}?shown=3")
    assert (answer.status_code, answer.text) == (286, "")


def test_pages_of_strangers_have_no_bell(client: FlaskClient):
    assert 'id="bell"' not in client.get("/sign-in").text


def test_the_page_tells_what_and_how_often(
    admin: Browser, core: Core, tenant: Tenant, clock: FixedClock
):
    def move(work):
        work.session.get(Workspace, tenant.id).time_zone = "Asia/Kolkata"

    write_across(core, move)
    tell(core, tenant, title="<b>Lead</b> scoring", link="/installed/lead-scoring")
    clock.advance(600)
    tell(core, tenant, title="<b>Lead</b> scoring", link="/installed/lead-scoring")
    tell(core, tenant, key="slow", severity="warning", title="A schedule fails: Sync")
    page = admin.get(PAGE)
    assert "&lt;b&gt;Lead&lt;/b&gt; scoring" in page
    assert 'href="/installed/lead-scoring"' in page
    words = said(page)
    assert "2 times, last 21 Nov 2026, 14:40, first 21 Nov 2026, 14:30" in words
    assert "Warning New A schedule fails: Sync" in words
    mend(core, tenant, "slow")
    words = said(admin.get(PAGE))
    assert "Mended A schedule fails: Sync" in words
    assert "21 Nov 2026, 14:40; mended 21 Nov 2026, 14:40" in words


def test_marking_one_and_all(admin: Browser, core: Core, tenant: Tenant):
    for key in ("a", "b", "c"):
        tell(core, tenant, key=key)
    first = notifications(core, tenant)[0]
    answer = admin.post(f"{PAGE}/{first.id}/read", unread="1")
    assert answer.location == f"{PAGE}?unread=1"
    assert admin.get(PAGE).count("Mark as read:") == 2
    answer = admin.post(f"{PAGE}/read-all")
    assert answer.location == PAGE
    page = admin.get(PAGE)
    assert "All notifications are marked as read." in page
    assert "Mark as read:" not in page
    assert "Mark all as read" not in page
    assert admin.get(PAGE).count("Mend it:") == 3
    assert "You have read everything that is open." in admin.get(f"{PAGE}?unread=1")


def test_nothing_went_wrong(admin: Browser):
    assert "Nothing went wrong" in admin.get(PAGE)


def test_long_lists_have_pages(admin: Browser, core: Core, tenant: Tenant):
    for number in range(51):
        tell(core, tenant, key=str(number), title=f"Number {number}")
    first = admin.get(f"{PAGE}?unread=1")
    assert first.count("Mend it:") == 50
    address = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = admin.get(address.replace("&amp;", "&"))
    assert second.count("Mend it:") == 1
    assert "Number 0" in second
    assert "Back to the first page" in second


def test_members_may_not(member: Browser):
    member.get(PAGE, 403)
    member.post(f"{PAGE}/ntf_1/read", 403)
    member.post(f"{PAGE}/read-all", 403)


def test_a_page_without_a_session_leads_to_the_sign_in(app: Flask):
    assert app.test_client().get(PAGE).location == "/sign-in?next=/notifications"
