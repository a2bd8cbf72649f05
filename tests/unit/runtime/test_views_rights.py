"""The pages of what an installation may do, and who sees to it."""

import pytest
from flask import Flask

from geminicrm.runtime.enforcement import TRUST_WORDS
from geminicrm.runtime.ledger import Ledger
from tests.support.core import Tenant
from tests.support.crm_pages import said
from tests.support.life import ALL, HELLO, Life, change_row, offer
from tests.support.life_app import PAGE, Browser, life_app, member

RIGHTS = f"{PAGE}/permissions"
LEVEL = {"landlock": "on (ABI 7)", "uid": "off: the server was not started as root"}


@pytest.fixture
def app(life: Life) -> Flask:
    return life_app(life)


@pytest.fixture
def browser(app: Flask, life: Life, tenant: Tenant) -> Browser:
    """An admin looks at a sandboxed extension."""
    offer(
        life,
        permissions=["read:leads", "write:leads"],
        optional_permissions=["read:deals"],
        network=[{"host": "api.example.com", "reason": "Its service."}, {"setting": "url"}],
        settings=[{"id": "url", "type": "url", "label": "Address"}],
    )
    life.cycle.install(tenant.owner(), ALL)
    change_row(life, tenant, built_in=False, trusted=False, level=LEVEL)
    return Browser(app.test_client(), tenant)


def test_the_page_tells_what_confines_it(browser: Browser, life: Life, tenant: Tenant):
    page = said(browser.get(PAGE))
    for words in (
        "Sandboxed", "a process of its own that the operating system has locked", "The system",
        "Files, programs, other processes", "Landlock On ABI 7",
        "A user of its own Off the server was not started as root",
    ):  # fmt: skip
        assert words in page, words
    change_row(life, tenant, level=None)
    assert "has not said yet which locks hold" in browser.get(PAGE)


def test_trust_is_typed_and_shown(browser: Browser):
    page = browser.get(PAGE)
    assert TRUST_WORDS in page
    assert "Trusted, not sandboxed" not in page
    again = browser.post(f"{PAGE}/trust", status=422, trust="hello")
    assert "Type hello-world exactly. Nothing was changed." in again.text
    assert 'aria-invalid="true"' in again.text
    assert browser.post(f"{PAGE}/trust", trust=f" {HELLO} ").headers["Location"] == PAGE
    page = browser.get(PAGE)
    for words in ("hello-world is trusted", "Trusted, not sandboxed", "You trust this extension"):
        assert words in page, words
    assert "None: it was trusted." in page
    assert "Nobody" in browser.get(RIGHTS)
    browser.post(f"{PAGE}/distrust")
    page = browser.get(PAGE)
    assert "runs in a locked process again" in page
    assert "Trust this extension" in page


def test_what_came_with_the_crm_can_not_be_trusted(browser: Browser, life: Life, tenant: Tenant):
    change_row(life, tenant, built_in=True)
    page = browser.get(PAGE)
    assert "Trust this extension" not in page
    assert "The locks of its process" not in page
    assert "As part of the CRM it can reach whatever the CRM can." in page
    browser.post(f"{PAGE}/trust", status=409, trust=HELLO)


def test_permissions_are_removed_and_given_back(browser: Browser, life: Life, tenant: Tenant):
    page = said(browser.get(RIGHTS))
    assert "says that it needs this" in page
    assert "Remove all never used (2)" in page
    assert browser.post(RIGHTS, remove="write:leads").headers["Location"] == RIGHTS
    page = said(browser.get(RIGHTS))
    assert "write:leads is taken away, and refused from now on." in page
    assert "Remove all never used (1)" in page
    browser.post(RIGHTS, give=["write:leads", "read:deals"])
    assert life.cycle.get(tenant.owner(), HELLO)["granted"] == [
        "read:deals", "read:leads", "write:leads",
    ]  # fmt: skip
    page = said(browser.get(RIGHTS))
    assert "write:leads, read:deals is granted again." in page
    assert "can't do without read:leads, write:leads: parts of it may stop" in page
    browser.post(RIGHTS, remove=["read:leads", "write:leads", "read:deals"])
    page = browser.get(RIGHTS)
    assert "Remove all never used" not in page
    browser.post(RIGHTS)
    assert "Nothing was named" in browser.get(RIGHTS)


def test_what_was_used_is_dated_and_kept(browser: Browser, life: Life, tenant: Tenant):
    one = life.cycle.get(tenant.owner(), HELLO)["id"]
    ledger = Ledger(life.core.works)
    ledger.count(tenant.id, one, "read:leads", allowed=True)
    ledger.count(tenant.id, one, "read:users", allowed=False)
    ledger.count_host(tenant.id, one, "api.example.com", allowed=True)
    ledger.count_host(tenant.id, one, "evil.example", allowed=False)
    ledger.flush()
    page = browser.get(RIGHTS)
    assert 'datetime="2026-11-21"' in page
    for words in (
        "Remove all never used (1)", "never asked for this", "Outside calls", "api.example.com",
        "evil.example", "Not on its list", "No address saved yet", "The address in its setting url",
    ):  # fmt: skip
        assert words in said(page), words


def test_a_month_without_use_is_marked(browser: Browser, life: Life, tenant: Tenant):
    assert "Unused" not in browser.get(RIGHTS).partition("Who enforces this")[0]
    with life.core.works.read(tenant.system()) as work:
        long_ago = work.now.replace(month=1)
    change_row(life, tenant, created_at=long_ago)
    assert "Unused" in browser.get(RIGHTS).partition("Who enforces this")[0]


def test_members_see_it_and_change_nothing(
    browser: Browser, app: Flask, life: Life, tenant: Tenant
):
    guest = member(life, app, tenant)
    assert "Trust this extension" not in guest.get(PAGE)
    page = guest.get(RIGHTS)
    assert "Granted" in page
    assert "Remove" not in page
