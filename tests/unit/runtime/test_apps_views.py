"""What extensions show in pages, and the buttons and forms in it."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from extensions.sdk.actions import ActionResult
from geminicrm.runtime.hooks import Panel
from tests.support.core import Tenant, sign_in
from tests.support.life import HELLO, Life
from tests.support.life_app import FakeContributions, life_app

BUTTON = {
    "type": "button", "text": "Wave", "action": "wave", "style": "primary", "confirm": "",
    "inputs": [{"id": "hand", "value": "left"}],
}  # fmt: skip
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shown() -> FakeContributions:
    return FakeContributions(shown=[Panel(HELLO, "Hello World", "greet", "Greet", (BUTTON,))])


@pytest.fixture
def app(life: Life, shown: FakeContributions) -> Flask:
    return life_app(life, shown)


@pytest.fixture
def lead(life: Life, tenant: Tenant) -> str:
    made = life.core.crm.leads.create(tenant.owner(), {"last_name": "Lovelace"})
    return str(made["id"])


@pytest.fixture
def browser(app: Flask, tenant: Tenant) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_X_CSRFTOKEN"] = sign_in(client, tenant)
    return client


def action_url(page: str) -> str:
    return page.partition('hx-post="')[2].partition('"')[0].replace("&amp;", "&")


def test_panels_say_whose_they_are(browser: FlaskClient, shown: FakeContributions, lead: str):
    shown.shown.append(Panel("other", "Other", "x", "Broken", error="It took too long."))
    shown.shown.append(Panel("silent", "Silent", "x", "Nothing"))
    page = browser.get(f"/apps/panels/lead/{lead}").text
    assert "via Hello World" in page
    assert "Wave" in page
    assert "Other can&#39;t show this now" in page or "Other can't show this now" in page
    assert "It took too long." in page
    assert "Silent" not in page
    assert "<html" not in page
    url = urlsplit(action_url(page))
    assert url.path == f"/apps/{HELLO}/actions"
    assert url.query == f"panel=greet&record_type=lead&record_id={lead}"


def test_widgets_are_drawn_for_the_dashboard(browser: FlaskClient):
    page = browser.get("/apps/widgets").text
    assert "Greet" in page
    assert urlsplit(action_url(page)).query == "panel=greet"


def test_only_records_that_one_may_see_have_panels(browser: FlaskClient):
    assert browser.get("/apps/panels/lead/lead_nobody").status_code == 404
    assert browser.get("/apps/panels/planet/earth").status_code == 404


def test_a_button_does_its_work_without_scripts(
    browser: FlaskClient, shown: FakeContributions, lead: str
):
    shown.answer = ActionResult(toast="Waved.")
    url = action_url(browser.get(f"/apps/panels/lead/{lead}").text)
    answer = browser.post(url, data={"action": "wave", "value-hand": "left", "other": "x"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/leads/{lead}"
    assert shown.actions == [(HELLO, "wave", {"hand": "left"}, ("lead", lead))]
    assert "Waved." in browser.get("/installed").text


@pytest.mark.parametrize(
    ("query", "target"),
    [("", "/"), ("?place=settings", f"/installed/{HELLO}/settings")],
)
def test_a_button_returns_to_its_page(browser: FlaskClient, query: str, target: str):
    assert browser.post(f"/apps/{HELLO}/actions/wave{query}").headers["Location"] == target


def test_an_action_may_lead_elsewhere(browser: FlaskClient, shown: FakeContributions):
    shown.answer = ActionResult(navigate="/deals", toast="Off to the deals.")
    assert browser.post(f"/apps/{HELLO}/actions/go").headers["Location"] == "/deals"
    inside = browser.post(f"/apps/{HELLO}/actions/go", headers=HTMX)
    assert inside.headers["HX-Redirect"] == "/deals"
    shown.answer = ActionResult(navigate="/leads")
    assert browser.post(f"/apps/{HELLO}/actions/go", headers=HTMX).status_code == 204


@pytest.mark.parametrize(
    ("answer", "status", "shows"),
    [
        (ActionResult(toast="Done."), 204, False),
        (ActionResult(refresh=True), 200, True),
        (ActionResult(toast="Wrong.", field_errors={"hand": "Which hand?"}), 422, True),
    ],
)
def test_a_fragment_comes_back_where_it_has_to(
    browser: FlaskClient,
    shown: FakeContributions,
    answer: ActionResult,
    status: int,
    *,
    shows: bool,
):
    shown.answer = answer
    found = browser.post(f"/apps/{HELLO}/actions?panel=greet", data={"action": "w"}, headers=HTMX)
    assert found.status_code == status
    assert ("data-blocks" in found.text) is shows
    assert all(text in found.text for text in answer.field_errors.values())
    assert ("HX-Trigger" in found.headers) is bool(answer.toast)


def test_a_refresh_finds_its_panel(browser: FlaskClient, shown: FakeContributions, lead: str):
    shown.answer = ActionResult(refresh=True)
    url = f"/apps/{HELLO}/actions/wave?panel=greet&record_type=lead&record_id={lead}"
    assert "Wave" in browser.post(url, headers=HTMX).text
    shown.shown[0] = Panel(HELLO, "Hello World", "greet", "Greet", error="It broke.")
    assert "It broke." in browser.post(url, headers=HTMX).text
    gone = browser.post(f"/apps/{HELLO}/actions/wave?panel=gone", headers=HTMX)
    assert gone.status_code == 204
    shown.beside_settings = Panel(HELLO, "Hello World", "settings", "Set", (BUTTON,))
    beside = f"/apps/{HELLO}/actions/wave?panel=settings&place=settings"
    assert "Wave" in browser.post(beside, headers=HTMX).text


def test_errors_are_shown_without_scripts_too(browser: FlaskClient, shown: FakeContributions):
    shown.answer = ActionResult(toast="Not yet.", field_errors={"hand": "Which hand?"})
    browser.post(f"/apps/{HELLO}/actions/wave")
    page = browser.get("/installed").text
    assert "Which hand?" in page
    assert "Not yet." in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("record_type=lead", 422),
        ("record_id=x", 422),
        ("record_type=planet&record_id=earth", 404),
        ("record_type=lead&record_id=lead_nobody", 404),
    ],
)
def test_nobody_acts_on_a_record_that_is_not_there(
    browser: FlaskClient, shown: FakeContributions, query: str, status: int
):
    assert browser.post(f"/apps/{HELLO}/actions/wave?{query}").status_code == status
    assert shown.actions == []


def test_actions_need_the_token(app: Flask, tenant: Tenant, shown: FakeContributions):
    client = app.test_client()
    sign_in(client, tenant)
    assert client.post(f"/apps/{HELLO}/actions/wave").status_code == 403
    assert shown.actions == []
    assert_nobody(app.test_client())


def assert_nobody(client: Any) -> None:
    assert client.get("/apps/widgets").status_code == 302
