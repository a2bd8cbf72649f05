"""A new author in a real browser: signs up, adds a key, uploads, sees findings, publishes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from geminicrm.app import Core, create_app
from marketplace.blobs import digest_of
from marketplace.signed_package import join_package
from marketplace.signing.envelope import sign_package
from marketplace.signing.keys import SigningKey
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD, Tenant
from tests.support.life import files, zipped

pytestmark = [pytest.mark.browser, pytest.mark.journey]
ACME = "/developer/publishers/acme"
PAGES = (
    "/developer",
    "/developer/publishers/new",
    "/developer/upload",
    ACME,
    f"{ACME}/members",
    f"{ACME}/keys",
    f"{ACME}/tokens",
    f"{ACME}/profile",
    "/developer/extensions/hello-world",
)


@pytest.fixture
def address(core: Core) -> Iterator[str]:
    """Serve the whole application."""
    with serving(create_app(core=core)) as base:
        yield base


@pytest.fixture
def page(address: str, browser_page: Page, tenant: Tenant) -> Page:
    """Give a browser in which the owner is signed in."""
    browser_page.goto(f"{address}/sign-in")
    browser_page.locator("[name=email]").fill(tenant.email)
    browser_page.locator("[name=password]").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("navigation", name="Main")).to_be_visible()
    return browser_page


def sign_up(page: Page, home: str, key: SigningKey) -> None:
    page.goto(home)
    page.get_by_role("main").get_by_role("link", name="New publisher").last.click()
    page.get_by_label("Name", exact=True).fill("Acme")
    page.get_by_label("Short name").fill("acme")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1, name="Acme")).to_be_visible()
    page.get_by_role("link", name="Keys").click()
    page.get_by_label("Name", exact=True).fill("Laptop")
    page.get_by_label("Public key").fill(key.public)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text(key.id[:16])).to_be_visible()


def upload(page: Page, path: Path) -> None:
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Check").click()


def test_a_new_author_publishes_a_signed_version(
    page: Page, address: str, tmp_path: Path, browser_problems: list[str]
):
    key, bad, good = SigningKey.make(), tmp_path / "bad.gcx", tmp_path / "good.gcx"
    bad.write_bytes(zipped(files(permissions=["read:everything"])))
    bare = zipped(files())
    good.write_bytes(join_package(bare, sign_package(digest_of(bare), key)))

    sign_up(page, f"{address}/developer", key)
    page.get_by_role("link", name="Upload a package").click()
    upload(page, bad)
    expect(page.get_by_text("manifest.json /permissions/0")).to_be_visible()
    assert_accessible(page)
    upload(page, good)
    expect(page.get_by_text(f"signed with the key {key.id[:16]}")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Publish 1.0.0").click()
    expect(page.get_by_role("heading", level=1, name="Hello World")).to_be_visible()
    expect(page.get_by_text("Published", exact=True).first).to_be_visible()

    for path in PAGES:
        page.goto(f"{address}{path}")
        assert_accessible(page)
        assert_no_sideways_scroll(page)
    # The refused upload is a 422, which the browser notes.
    assert all("422" in problem for problem in browser_problems)
    browser_problems.clear()
