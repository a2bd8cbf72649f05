"""Trying an event again by the API and on the page."""

import pytest
from flask.testing import FlaskClient

from tests.support.core import make_tenant, sign_in
from tests.support.life import HELLO
from tests.support.replaying import FIRST, Replaying

API = f"/api/installations/{HELLO}/replay"
PAGE = f"/installed/{HELLO}/events"


@pytest.fixture
def happened(inside: Replaying) -> str:
    """Give the id of an event that the extension has handled."""
    inside.install(FIRST)
    event_id, _ = inside.event()
    return event_id


def test_a_dry_run_by_the_api(client: FlaskClient, inside: Replaying, happened: str):
    answer = client.post(API, json={"event_id": happened}, headers=inside.tenant.headers())
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert (answer.json["dry_run"], answer.json["outcome"]) == (True, "ok")
    assert answer.json["event"]["id"] == happened
    (action,) = answer.json["actions"]
    assert action == {
        "extension_id": HELLO,
        "door": "storage",
        "operation": "put",
        "target": "first",
        "data": {"value": 2},
        "result": {"key": "first", "version": 2},
        "error": None,
    }


def test_for_real_by_the_api(client: FlaskClient, inside: Replaying, happened: str):
    body = {"event_id": happened, "dry_run": False}
    answer = client.post(API, json=body, headers=inside.tenant.headers())
    assert answer.status_code == 202
    assert answer.json is not None
    assert (answer.json["event_id"], answer.json["attempt"]) == (happened, 2)


def test_only_the_installed_version_gets_it_for_real(
    client: FlaskClient, inside: Replaying, happened: str
):
    body = {"event_id": happened, "dry_run": False, "version": "1.0.0"}
    answer = client.post(API, json=body, headers=inside.tenant.headers())
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["pointer"] == "/version"


def test_another_workspace_finds_nothing(client: FlaskClient, inside: Replaying, happened: str):
    south = make_tenant(inside.core, "south")
    answer = client.post(API, json={"event_id": happened}, headers=south.headers())
    assert answer.status_code == 404


def test_the_page_lists_events_and_shows_what_would_be(
    client: FlaskClient, inside: Replaying, happened: str
):
    token = sign_in(client, inside.tenant)
    page = client.get(PAGE).text
    assert happened in page
    assert "1.0.0 (installed)" in page
    form = {"csrf_token": token, "event_id": happened, "version": "1.0.0"}
    shown = client.post(f"{PAGE}/dry-run", data=form)
    assert shown.status_code == 200
    assert "It would have worked" in shown.text
    assert "storage.put" in shown.text
    sent = client.post(f"{PAGE}/again", data=form, follow_redirects=True)
    assert f"{happened} is on its way again, as attempt 2." in sent.text


@pytest.mark.parametrize("way", ["dry-run", "again"])
def test_the_page_says_what_is_wrong(
    client: FlaskClient, inside: Replaying, happened: str, way: str
):
    token = sign_in(client, inside.tenant)
    form = {"csrf_token": token, "event_id": "evt_none"}
    shown = client.post(f"{PAGE}/{way}", data=form)
    assert shown.status_code == 404
    assert "Nothing was tried" in shown.text
    assert happened in shown.text, "the list is still there"
    gone = client.post(f"/installed/nothing/events/{way}", data=form)
    assert gone.status_code == 404
    assert "Nothing was tried" not in gone.text


def test_an_error_is_shown_on_the_page(client: FlaskClient, inside: Replaying):
    body = "app.log.info('here', n=1)\nif event.attempt > 1: app.leads.create({'last_name': ''})"
    inside.install(body)
    event_id, _ = inside.event()
    token = sign_in(client, inside.tenant)
    shown = client.post(f"{PAGE}/dry-run", data={"csrf_token": token, "event_id": event_id}).text
    assert "It would have failed" in shown
    assert "Refused" in shown
    assert "<code>n=1</code>" in shown


def test_a_page_with_no_event_says_so(client: FlaskClient, inside: Replaying):
    inside.install(FIRST)
    sign_in(client, inside.tenant)
    assert "No event yet" in client.get(PAGE).text
