"""The registries of a CRM over REST and as pages, for operators only."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geminicrm.app import create_app
from geminicrm.identity.tokens import create_token
from marketplace.signing.keys import SigningKey
from tests.support.core import csrf, sign_in
from tests.support.far_registry import NAME, Crm, FarRegistry
from tests.support.life import wanted

PLACE = "/operations/registries"


@pytest.fixture
def app(crm: Crm) -> Flask:
    return create_app(core=crm.core)


@pytest.fixture
def operator(app: Flask, crm: Crm) -> FlaskClient:
    """Give a program of an operator."""
    with crm.core.works.write(crm.tenant.system()) as work:
        token = create_token(work, crm.tenant.owner_id, "operator", ["operate:instance"])
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token.secret}"
    return client


@pytest.fixture
def browser(app: Flask, crm: Crm) -> FlaskClient:
    """Give the browser of an operator."""
    client = app.test_client()
    sign_in(client, crm.tenant)
    return client


def post(browser: FlaskClient, path: str, **form: str) -> Any:
    token = csrf(browser, "/account")
    return browser.post(path, data={**form, "csrf_token": token}, follow_redirects=True)


def test_adding_listing_changing_and_removing(operator: FlaskClient, crm: Crm, far: FarRegistry):
    body = {"name": "other", "url": far.url}
    asked = operator.post("/api/registries", json=body)
    assert (asked.status_code, asked.json["code"]) == (409, "registry_key_not_pinned")
    assert asked.json["fingerprints"] == [far.key.id]
    made = operator.post("/api/registries", json={**body, "key": far.key.id})
    assert made.status_code == 201
    assert made.headers["Location"] == "/api/registries/other"
    listed = operator.get("/api/registries").json["data"]
    assert [one["name"] for one in listed] == ["This installation", NAME, "other"]
    moved = operator.patch("/api/registries/other", json={"position": 0, "enabled": False})
    assert (moved.json["position"], moved.json["enabled"]) == (0, False)
    assert operator.post("/api/registries/other/refresh").json["keys_serial"] == 1
    assert operator.delete("/api/registries/other").status_code == 204
    assert operator.get("/api/registries/other").status_code == 404


def test_refusing_to_remove_what_is_used(operator: FlaskClient, crm: Crm):
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    refused = operator.delete(f"/api/registries/{NAME}")
    assert (refused.status_code, refused.json["code"]) == (409, "registry_in_use")
    assert operator.delete(f"/api/registries/{NAME}?force=yes").status_code == 204


def test_wrong_bodies(operator: FlaskClient, far: FarRegistry):
    for body in ({}, {"name": "x"}, {"name": "x", "url": far.url, "key": "short"}, {"a": 1}):
        assert operator.post("/api/registries", json=body).status_code == 422


def test_nobody_else(app: Flask, crm: Crm):
    client = app.test_client()
    headers = crm.tenant.headers()
    for path in ("/api/registries", PLACE, f"{PLACE}/add"):
        assert client.get(path, headers=headers).status_code == 403
    assert client.get("/api/registries").status_code == 401


def test_the_pages(browser: FlaskClient, crm: Crm, far: FarRegistry):
    page = browser.get(PLACE).get_data(as_text=True)
    assert NAME in page
    assert far.key.id[:16] in page
    given = {"name": "other", "url": far.url}
    shown = post(browser, PLACE, **given).get_data(as_text=True)
    assert "Is this its key?" in shown
    assert far.key.id in shown
    done = post(browser, PLACE, **given, key=far.key.id.upper()).get_data(as_text=True)
    assert "other is a registry of this CRM now." in done
    for what, told in (
        ("up", "The order is changed."),
        ("down", "The order is changed."),
        ("disable", "is switched off."),
        ("enable", "is switched on."),
        ("refresh", "was asked just now."),
        ("remove", "other is removed."),
    ):
        assert told in post(browser, f"{PLACE}/other/{what}").get_data(as_text=True)


def test_what_the_form_refuses(browser: FlaskClient, far: FarRegistry):
    wrong = post(browser, PLACE, name="Upper Case", url="nonsense")
    assert wrong.status_code == 422
    assert len(re.findall('class="field-error"', wrong.get_data(as_text=True))) == 2
    other = post(browser, PLACE, name="other", url=far.url, key=SigningKey.make().id)
    assert other.status_code == 502
    assert "active key is not" in other.get_data(as_text=True)


def test_a_registry_that_is_away_is_shown_with_the_reason(browser: FlaskClient, far: FarRegistry):
    far.instead["/keys"] = lambda conn, _path: conn.close()
    page = post(browser, f"{PLACE}/{NAME}/refresh").get_data(as_text=True)
    assert "Needs attention" in page
    assert page.count("be reached") >= 2


def test_the_page_before_removing_says_what_that_means(
    browser: FlaskClient, crm: Crm, far: FarRegistry
):
    assert "comes from here" not in browser.get(f"{PLACE}/{NAME}/remove").get_data(as_text=True)
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    page = browser.get(f"{PLACE}/{NAME}/remove").get_data(as_text=True)
    assert "1 installation comes from here" in page
    assert far.url in page
