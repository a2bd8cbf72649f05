"""The pages of what is installed, and of consent."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from geminicrm.identity.people import create_user
from geminicrm.runtime.hooks import Panel
from geminicrm.runtime.install.state import Outcome
from geminicrm.runtime.models import Installation
from tests.support.core import PASSWORD, Tenant, csrf, sign_in
from tests.support.life import HELLO, Life, files, zipped
from tests.support.life_app import FakeContributions, life_app

CONSENT = f"/marketplace/{HELLO}/install"
PAGE = f"/installed/{HELLO}"
SETTINGS = [
    {"id": "greeting", "type": "text", "label": "Greeting", "default": "Hi", "placeholder": "Yo"},
    {"id": "api_key", "type": "password", "label": "API key", "required": True},
    {"id": "pin", "type": "password", "label": "PIN"},
    {"id": "times", "type": "integer", "label": "Times", "description": "How often."},
    {"id": "share", "type": "number", "label": "Share"},
    {"id": "loud", "type": "boolean", "label": "Loud", "default": True},
    {"id": "tone", "type": "select", "label": "Tone", "options": ["warm", "cold"]},
    {"id": "kind", "type": "select", "label": "Kind", "required": True, "default": "a",
     "options": ["a", "b"]},
    {"id": "text", "type": "textarea", "label": "Text"},
]  # fmt: skip


@pytest.fixture
def shown() -> FakeContributions:
    return FakeContributions()


@pytest.fixture
def app(life: Life, shown: FakeContributions) -> Flask:
    return life_app(life, shown)


@pytest.fixture
def browser(app: Flask, tenant: Tenant) -> "Browser":
    return Browser(app.test_client(), tenant)


class Browser:
    """Somebody signed in, who sends forms with the token that pages hand out."""

    def __init__(self, client: FlaskClient, tenant: Tenant) -> None:
        self.client = client
        self.token = sign_in(client, tenant)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, status: int = 302, **form: Any) -> Any:
        answer = self.client.post(path, data={"csrf_token": self.token, **form})
        assert answer.status_code == status, answer.text
        return answer


def member(life: Life, app: Flask, tenant: Tenant) -> Browser:
    with life.core.works.across_workspaces("a member for a test", write=True) as work:
        create_user(work, tenant.id, "member@north.example", "member", PASSWORD)
    return Browser(app.test_client(), Tenant(tenant.id, "", "member@north.example", tenant.token))


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


def owner(life: Life) -> Any:
    with life.core.works.across_workspaces("who") as work:
        workspace = work.session.scalars(select(Installation.workspace_id)).first()
    return Tenant(workspace or "", "", "", "").owner()


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


def test_nothing_installed_leads_to_the_marketplace(browser: Browser):
    page = browser.get("/installed")
    assert "Nothing installed yet" in page
    assert 'href="/marketplace"' in page


def test_pausing_and_enabling(browser: Browser):
    browser.post(CONSENT)
    assert browser.post(f"{PAGE}/disable", back="list").headers["Location"] == "/installed"
    page = browser.get("/installed")
    assert "hello-world is paused." in page
    assert "Paused" in page
    assert browser.post(f"{PAGE}/enable").headers["Location"] == PAGE
    assert "Healthy" in browser.get(PAGE)


def test_slow_workers_are_told_of(browser: Browser, life: Life):
    browser.post(CONSENT)
    life.live.answer = False
    browser.post(f"{PAGE}/disable")
    assert "still catching up" in browser.get(PAGE)


def test_the_overview_tells_what_it_adds(browser: Browser, life: Life):
    life.shelf.put(
        zipped(
            files(
                events=["lead.*"],
                network=[{"host": "api.example.com", "reason": "Sends."}, {"setting": "url"}],
                settings=[{"id": "url", "type": "url", "label": "Address"}],
                ui={"dashboard_widgets": [{"id": "w", "title": "Greetings"}]},
            )
        )
    )
    browser.post(CONSENT)
    page = browser.get(PAGE)
    for words in ("lead.*", "api.example.com", "Sends.", "Greetings", "MIT", "sha256:"):
        assert words in page, words


def test_a_failed_one_needs_attention(browser: Browser, life: Life, tenant: Tenant):
    browser.post(CONSENT)
    with life.core.works.write(tenant.system()) as work:
        row = work.session.scalars(select(Installation)).one()
        row.status, row.error = "failed", "extension.py:3 raises <b>"
    assert "Failing" in browser.get("/installed")
    assert "extension.py:3 raises &lt;b&gt;" in browser.get(PAGE)
    with life.core.works.write(tenant.system()) as work:
        work.session.scalars(select(Installation)).one().status = "upgrading"
    assert "upgrading" in browser.get("/installed")


def filled(**changes: str) -> dict[str, str]:
    made = {
        "setting-greeting": "Hello", "setting-api_key": "s3cret", "setting-pin": "1234",
        "setting-times": "3", "setting-share": "0.5", "setting-loud": "true",
        "setting-tone": "warm", "setting-kind": "b", "setting-text": "a\r\nb",
    }  # fmt: skip
    return {**made, **changes}


def test_the_form_is_made_from_the_manifest_and_saves(browser: Browser, life: Life):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    browser.post(CONSENT)
    page = browser.get(f"{PAGE}/settings")
    for words in (
        "Default: Hi.", "How often.", 'placeholder="Yo"', 'step="1"', 'step="any"', "Not set",
        'type="password"',
    ):  # fmt: skip
        assert words in page, words
    browser.post(f"{PAGE}/settings", **filled())
    saved = life.cycle.get(owner(life), HELLO)
    assert saved["settings"] == {
        "greeting": "Hello", "api_key": None, "pin": None, "times": 3, "share": 0.5,
        "loud": True, "tone": "warm", "kind": "b", "text": "a\nb",
    }  # fmt: skip
    page = browser.get(f"{PAGE}/settings")
    assert "The settings are saved." in page
    assert "s3cret" not in page
    assert "Remove the stored value of PIN" in page
    assert "Remove the stored value of API key" not in page


def test_an_empty_secret_stays_and_a_ticked_box_removes(browser: Browser, life: Life):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    browser.post(CONSENT)
    browser.post(f"{PAGE}/settings", **filled())
    sent = {"setting-api_key": "", "setting-pin": "", "clear-pin": "true", "setting-greeting": ""}
    form = {name: text for name, text in filled(**sent).items() if name != "setting-loud"}
    browser.post(f"{PAGE}/settings", **form)
    saved = life.cycle.get(owner(life), HELLO)
    assert saved["secrets_set"] == ["api_key"]
    assert saved["settings"]["loud"] is False
    assert saved["settings"]["greeting"] == "Hi"


def test_errors_stand_at_their_fields(browser: Browser, life: Life):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    browser.post(CONSENT)
    sent = filled(**{"setting-times": "many", "setting-api_key": "", "setting-share": "x"})
    page = browser.post(f"{PAGE}/settings", status=422, **sent).text
    for field in ("times", "share"):
        assert f'id="field-setting-{field}-error"' in page
        assert f'href="#field-setting-{field}"' in page
    assert 'value="many"' in page
    assert "1234" not in page
    needed = browser.post(f"{PAGE}/settings", status=422, **filled(**{"setting-kind": "z"}))
    assert "Kind" in needed.text


def test_the_extension_speaks_beside_its_settings(
    browser: Browser, life: Life, shown: FakeContributions
):
    browser.post(CONSENT)
    assert "nothing to set" in browser.get(f"{PAGE}/settings")
    blocks = ({"type": "text", "text": "Connected to <Acme>", "tone": "neutral"},)
    shown.beside_settings = Panel(HELLO, "Hello World", "settings", "Connection", blocks)
    page = browser.get(f"{PAGE}/settings")
    assert "Connected to &lt;Acme&gt;" in page
    assert "via Hello World" in page
    shown.beside_settings = Panel(HELLO, "Hello World", "settings", "Connection", error="It broke.")
    assert "It broke." in browser.get(f"{PAGE}/settings")
    assert life.cycle.list(owner(life))


def test_the_ledger_is_a_table(browser: Browser, life: Life):
    life.shelf.put(zipped(files(optional_permissions=["write:deals"])))
    browser.post(CONSENT)
    page = browser.get(f"{PAGE}/permissions")
    for words in ("View leads", "Granted", "Not granted", "optional", "Never", "Sensitive"):
        assert words in page, words
    life.shelf.put(zipped(files(id="modest", permissions=None)), "modest")
    browser.post("/marketplace/modest/install")
    assert "asks for no permissions" in browser.get("/installed/modest/permissions")


@pytest.mark.parametrize(
    ("data", "words"), [("keep", "settings are kept"), ("purge", "settings are deleted")]
)
def test_uninstalling_says_what_goes_and_what_stays(browser: Browser, data: str, words: str):
    browser.post(CONSENT)
    page = browser.get(f"{PAGE}/uninstall")
    assert "What is removed" in page
    assert "What stays" in page
    assert browser.post(f"{PAGE}/uninstall", data=data).headers["Location"] == "/installed"
    assert words in browser.get("/installed")


def test_a_clean_up_that_failed_is_told(browser: Browser, life: Life):
    browser.post(CONSENT)
    life.runner.uninstalling = lambda _actor, _draft: Outcome(success=False, message="No licence.")
    browser.post(f"{PAGE}/uninstall")
    assert "Its own clean-up failed: No licence." in browser.get("/installed")


def test_members_look_and_change_nothing(browser: Browser, app: Flask, life: Life, tenant: Tenant):
    life.shelf.put(zipped(files(settings=SETTINGS)))
    browser.post(CONSENT)
    guest = member(life, app, tenant)
    assert "Pause" not in guest.get("/installed")
    assert "Ask your admin" in guest.get(PAGE)
    assert "View leads" in guest.get(f"{PAGE}/permissions")
    for path in (f"{PAGE}/settings", f"{PAGE}/uninstall", CONSENT):
        guest.get(path, status=403)
    for path in (
        f"{PAGE}/settings",
        f"{PAGE}/uninstall",
        f"{PAGE}/enable",
        f"{PAGE}/disable",
        CONSENT,
    ):
        guest.post(path, status=403)


def test_forms_need_their_token(browser: Browser):
    assert browser.client.post(CONSENT).status_code == 403
    assert "Nothing installed yet" in browser.get("/installed")
    assert csrf(browser.client, "/installed") != ""
