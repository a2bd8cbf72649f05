"""The page of consent."""

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.runtime.install.drafting import Outcome
from tests.support.core import Tenant
from tests.support.crm_pages import said
from tests.support.life import HELLO, Life, files, make_life, zipped
from tests.support.life_app import (
    CONSENT,
    PAGE,
    SETTINGS,
    Browser,
    FakeContributions,
    life_app,
    owner,
)


@pytest.fixture
def shown() -> FakeContributions:
    return FakeContributions()


@pytest.fixture
def app(life: Life, shown: FakeContributions) -> Flask:
    return life_app(life, shown)


@pytest.fixture
def browser(app: Flask, tenant: Tenant) -> Browser:
    return Browser(app.test_client(), tenant)


def test_consent_shows_what_it_may_do(browser: Browser, life: Life):
    life.shelf.put(
        zipped(
            files(
                permissions=["read:leads", "write:deals"],
                permission_reasons={"write:deals": "To close them."},
                optional_permissions=["read:users"],
                network=[{"host": "api.example.com", "reason": "Sends."}, {"setting": "url"}],
                settings=[{"id": "url", "type": "url", "label": "Address", "required": True}],
                events=["lead.created"],
                ui={"record_panels": [{"id": "p", "title": "Greet", "record": "lead"}]},
            )
        )
    )
    page = browser.get(CONSENT)
    for words in (
        "Install Hello World?", "View leads", "read:leads", "Sensitive", "“To close them.”",
        "Send outside", "Connect to api.example.com", "the address in the setting url",
        "Run in the background", "lead.created", "Greet", "Allow and install", "Built in",
        "Needs these settings afterwards: Address",
    ):  # fmt: skip
        assert words in page, words
    assert 'name="optional_scope" value="read:users">' in page
    assert 'name="trust"' not in page
    assert page.index("Cancel</a>") < page.index("Allow and install")


def test_allowing_installs_what_was_shown(browser: Browser, life: Life):
    life.shelf.put(zipped(files(optional_permissions=["read:users", "read:deals"])))
    version = life.shelf.newest[HELLO]
    life.shelf.put(zipped(files(version="1.1.0", permissions=["write:deals"])), version="1.1.0")
    answer = browser.post(CONSENT, version=version, optional_scope=["read:users", "manage:users"])
    assert answer.headers["Location"] == "/installed"
    page = browser.get("/installed")
    assert "Hello World is installed." in page
    assert "1.0.0" in page
    found = life.cycle.get(owner(life), HELLO)
    assert found["granted"] == ["read:leads", "read:users"]


def test_missing_settings_come_next(browser: Browser, life: Life):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    answer = browser.post(CONSENT)
    assert answer.headers["Location"] == f"{PAGE}/settings"
    assert "needs a few settings" in browser.get(f"{PAGE}/settings")
    assert "Needs setup" in browser.get("/installed")
    assert "Needs attention" in browser.get("/installed")
    assert "Open the settings" in browser.get(PAGE)


def test_third_party_code_is_warned_of_and_needs_its_id(browser: Browser, life: Life):
    life.shelf.put(zipped(files()), built_in=False)
    page = browser.get(CONSENT)
    assert "Not verified, and not signed by its publisher" in page
    assert "whatever the server can" in page
    assert 'name="allow_unsigned"' in page
    again = browser.post(CONSENT, status=422, trust="hello", allow_unsigned="true")
    assert "Type hello-world exactly" in again.text
    unsigned = browser.post(CONSENT, status=422, trust=HELLO)
    assert "not signed by its publisher, and unsigned packages are not allowed" in unsigned.text
    browser.post(CONSENT, trust=HELLO, allow_unsigned="true")
    assert "Trusted, not sandboxed" in browser.get("/installed")


def test_a_failure_is_explained_and_can_be_tried_again(browser: Browser, life: Life):
    life.runner.installing = lambda _actor, _draft: Outcome(success=False, message="No licence.")
    answer = browser.post(CONSENT, status=422)
    assert "nothing was changed" in answer.text
    assert "No licence." in answer.text
    assert "Try again" in answer.text


def test_a_package_that_can_not_be_planned_is_explained(browser: Browser, life: Life):
    life.shelf.put(zipped(files(colour="red")))
    page = browser.get(CONSENT, status=422)
    assert "refused it" in page
    assert "/colour" in page


def test_what_is_installed_is_not_asked_for_again(browser: Browser):
    browser.post(CONSENT)
    assert browser.client.get(CONSENT).headers["Location"] == PAGE
    assert browser.post(CONSENT).headers["Location"] == PAGE
    assert browser.client.get("/marketplace/nobody/install").status_code == 404


def test_who_will_enforce_it_is_told(browser: Browser, life: Life):
    assert "it is expected to make no others" in browser.get(CONSENT)
    life.shelf.put(zipped(files()), built_in=False, signed=True)
    page = said(browser.get(CONSENT))
    assert "Who will enforce this" in page
    assert "Permissions Nobody The core checks the calls" in page


def test_locked_code_needs_no_trust(core: Core, tenant: Tenant):
    life = make_life(core, confines=lambda: True)
    life.shelf.put(zipped(files()), built_in=False, signed=True)
    browser = Browser(life_app(life).test_client(), tenant)
    page = said(browser.get(CONSENT))
    assert "It runs in a locked process and gets what you allow here, nothing else." in page
    assert "Files, programs, other processes The system" in page
    assert "whatever the server can" not in page
    browser.post(CONSENT)
    assert life.cycle.get(tenant.owner(), HELLO)["isolation"] == "sandboxed"
