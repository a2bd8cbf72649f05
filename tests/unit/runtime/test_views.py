"""The pages of what is installed."""

import pytest
from flask import Flask
from sqlalchemy import select

from geminicrm.runtime.hooks import Panel
from geminicrm.runtime.install.drafting import Outcome
from geminicrm.runtime.models import Installation
from geminicrm.runtime.storage import Owner, Storage
from tests.support.core import Tenant, csrf
from tests.support.crm_pages import said
from tests.support.life import HELLO, Life, files, zipped
from tests.support.life_app import (
    CONSENT,
    PAGE,
    SETTINGS,
    Browser,
    FakeContributions,
    life_app,
    member,
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
    for words in ("View leads", "Granted", "Not granted", "Optional", "Never", "Sensitive"):
        assert words in page, words
    life.shelf.put(zipped(files(id="modest", permissions=None)), "modest")
    browser.post("/marketplace/modest/install")
    assert "asks for no permissions" in browser.get("/installed/modest/permissions")


@pytest.mark.parametrize(
    ("data", "words"), [("keep", "settings are kept"), ("purge", "settings are deleted")]
)
def test_uninstalling_says_what_goes_and_what_stays(browser: Browser, data: str, words: str):
    browser.post(CONSENT)
    page = said(browser.get(f"{PAGE}/uninstall"))
    assert "What stops Its routes under /api/extensions/hello-world/" in page
    assert "Every permission that it was granted: read:leads" in page
    assert "What stays" in page
    assert "For 30 days you can undo this" in page
    form = {"data": data, "name": "Hello World"}
    assert browser.post(f"{PAGE}/uninstall", **form).headers["Location"] == "/installed"
    assert words in browser.get("/installed")


def test_the_name_is_typed_where_data_is_deleted(browser: Browser):
    browser.post(CONSENT)
    page = browser.post(f"{PAGE}/uninstall", status=422, data="purge", name="hello").text
    assert "Type Hello World exactly" in page
    assert 'value="purge" checked' in page
    assert "Healthy" in browser.get("/installed")


def test_what_is_needed_can_not_go(browser: Browser, life: Life):
    browser.post(CONSENT)
    needing = files(id="other", name="Other", requires={"extensions": {HELLO: "^1.0.0"}})
    life.shelf.put(zipped(needing), "other")
    browser.post("/marketplace/other/install")
    page = said(browser.get(f"{PAGE}/uninstall"))
    assert "Other 1.0.0: It needs ^1.0.0 of this: uninstall or pause it first. In the way" in page
    refused = said(browser.post(f"{PAGE}/uninstall", status=409, data="keep").text)
    assert "It was not uninstalled, and nothing was changed" in refused
    assert "Healthy" in browser.get("/installed")


def test_a_clean_up_that_failed_is_told(browser: Browser, life: Life):
    browser.post(CONSENT)
    life.runner.uninstalling = lambda _actor, _draft: Outcome(success=False, message="No licence.")
    browser.post(f"{PAGE}/uninstall")
    assert "Its own clean-up failed or was not run: No licence." in browser.get("/installed")


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
        f"{PAGE}/permissions",
        f"{PAGE}/trust",
        f"{PAGE}/distrust",
        CONSENT,
    ):
        guest.post(path, status=403)


def test_forms_need_their_token(browser: Browser):
    assert browser.client.post(CONSENT).status_code == 403
    assert "Nothing installed yet" in browser.get("/installed")
    assert csrf(browser.client, "/installed") != ""


def test_the_log_is_shown_newest_last(browser: Browser, life: Life, tenant: Tenant):
    browser.post(CONSENT)
    assert "Nothing logged yet" in browser.get(f"{PAGE}/log")
    with life.core.works.read(tenant.system()) as work:
        (one,) = work.session.scalars(select(Installation.id))
    logs = life.core.runtime.logs
    logs.write(one, "warning", "log", "<b>slow</b>\ud800", {"lead": "<i>lead_1</i>"})
    logs.write(one, "error", "core", "hello-world failed in route at extension.py:3")
    with (logs.folder / f"{one}.log").open("a") as file:
        file.write('{"level": "odd", "source": "elsewhere"}\n')
    page = browser.get(f"{PAGE}/log")
    assert page.index("slow") < page.index("extension.py:3")
    for words in (
        "&lt;b&gt;slow&lt;/b&gt;?", "lead=&lt;i&gt;lead_1&lt;/i&gt;", ">Warning<", "badge-warning",
        ">Error<", "badge-danger", ">Odd<", "badge-neutral", "elsewhere", "CRM", "<time datetime=",
        "The last 3 lines", "geminicrm ext logs hello-world", 'aria-current="page">Log',
    ):  # fmt: skip
        assert words in page, words


def test_documents_from_before_are_told(browser: Browser, life: Life, tenant: Tenant):
    owner = Owner(tenant.system(), HELLO, None)
    Storage(life.core.works).put(owner, {"a": b"1"})
    assert "Finds what it stored here before: 1 document<" in browser.get(CONSENT)
