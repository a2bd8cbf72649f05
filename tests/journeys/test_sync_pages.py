"""The sync in a real browser: switched on at a connection, and seen beside a contact."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from geminicrm.app import Core, create_app
from geminicrm.kernel.ids import new_id
from geminicrm.syncing.models import SyncLink, SyncSettings
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.integrations import connect_to, put_integration

pytestmark = [pytest.mark.browser, pytest.mark.journey]
LONG = "the-northern-provinces-" * 6


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


def failed_link(core: Core, tenant: Tenant, connection_id: str, record_id: str) -> None:
    """Store a link that failed after a conflict."""
    conflict = {
        "field": "phone", "ours": "1", "theirs": LONG, "winner": "ours",
        "at": "2026-11-21T09:00:00+00:00",
    }  # fmt: skip
    with core.works.write(tenant.owner()) as work:
        work.session.add(
            SyncLink(
                id=new_id("slnk"), workspace_id=tenant.id, connection_id=connection_id,
                kind="contact", record_id=record_id, far_id="77", label="Ada", base={},
                state="failed", error=f"email: {LONG}", error_side="in", conflict=conflict,
                linked_at=work.now, synced_at=work.now,
            )
        )  # fmt: skip


def unknown_owners(core: Core, tenant: Tenant) -> None:
    """Store that owners were met without a namesake, on both sides."""
    met = {"there": {"k9": f"zoe@{LONG}.example"}, "here": {"usr_1": "cleo@north.example"}}
    with core.works.write(tenant.owner()) as work:
        work.session.scalars(select(SyncSettings)).one().unknown_owners = met | {
            "denied": "no scope"
        }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_switched_on_and_seen(stage, tenant, page, address, theme):
    put_integration(stage, tenant, provides=["connection", "crm_sync"])
    connection_id = connect_to(stage, tenant)
    ada = stage.core.crm.contacts.create(tenant.owner(), {"last_name": "Ada"})
    failed_link(stage.core, tenant, connection_id, ada["id"])
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page.goto(f"{address}/integrations/{connection_id}")
    page.get_by_label("Sync records").check()
    page.locator("#sync form.form button").click()
    expect(page.get_by_role("button", name="Sync now")).to_be_visible()
    expect(page.get_by_text("It runs: It begins soon.")).to_be_visible()
    unknown_owners(stage.core, tenant)
    page.reload()
    expect(page.get_by_text("Nobody here has the address of zoe@")).to_be_visible()
    expect(page.get_by_text("has the address of cleo@north.example")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.goto(f"{address}/contacts/{ada['id']}")
    expect(page.get_by_role("heading", name="Sync", exact=True)).to_be_visible()
    expect(page.get_by_text("What stood here was kept.")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.goto(f"{address}/integrations/{connection_id}")
    page.get_by_role("button", name="Try again: Ada").click()
    expect(page.get_by_text("It is tried again.")).to_be_visible()
