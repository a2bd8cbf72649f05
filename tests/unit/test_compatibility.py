"""Addresses of earlier products: led on, or refused with the extension that is missing."""

import pytest
from flask import Flask, request

from geminicrm.app import create_app
from geminicrm.compatibility import OLD_PATHS
from geminicrm.webhooks.incoming.receive_api import OLD_PATH
from tests.support.core import sign_in
from tests.support.pages import page, rows, section

SLASHES = pytest.mark.parametrize("end", ["", "/"])


@pytest.fixture
def running(core, monkeypatch):
    running = set()
    monkeypatch.setattr(core.runtime, "runs", running.__contains__)
    return running


@pytest.fixture
def app(running, core) -> Flask:
    app = create_app(core=core)

    def taken(service):
        body = request.get_data(as_text=True)
        return f"{service} {request.environ[OLD_PATH]} {request.args.get('a')} {body}"

    # In the place of what takes webhooks, which asks nobody who he is.
    app.view_functions["webhooks_in.receive"] = taken
    return app


def row(one):
    target = {None: ""}.get(one.target, f"`{one.target}`")
    methods = ", ".join(sorted(one.methods - {"HEAD"}))
    return [f"`{one.path}`", methods, f"`{one.extension_id}`", target]


def test_the_table_is_that_of_the_docs():
    table = rows(section(page("docs/integrations.md"), "Addresses of earlier products"))
    assert table == [row(one) for one in OLD_PATHS]


@SLASHES
@pytest.mark.parametrize("path", ["/api/calls/webhook/status", "/webhooks/twilio"])
def test_what_is_posted_is_served_at_the_new_address(client, running, tenant, path, end):
    running.add("twilio")
    bearer = {"Authorization": f"Bearer {tenant.token}"}
    answer = client.post(f"{path}{end}?a=1", data="raw  body", headers=bearer)
    assert (answer.status_code, answer.text) == (200, f"twilio {path}{end} 1 raw  body")
    # The guards of the new address are met: without a token this one asks who it is.
    assert client.post(f"{path}{end}", data="raw  body").status_code == 401


@SLASHES
def test_what_is_read_is_redirected(client, running, tenant, end):
    sign_in(client, tenant)
    running.add("gmail")
    answer = client.get(f"/api/emails/gmail-callback{end}?code=a%20b&state=c")
    where = "/integrations/gmail/callback?code=a%20b&state=c"
    assert (answer.status_code, answer.location) == (307, where)
    assert client.get(f"/api/emails/connect-gmail{end}").location == "/integrations/new/gmail"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_callback_with_a_slash_finds_its_page(client, running, tenant):
    sign_in(client, tenant)
    running.add("gmail")
    answer = client.get("/integrations/gmail/callback/?state=x", follow_redirects=True)
    assert (answer.status_code, len(answer.history)) == (400, 1)
    assert "begin again" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "refusal", "extension"),
    [
        ("POST", "/api/calls/webhook/incoming/", (404, "extension_lacking"), "twilio"),
        ("POST", "/webhooks/zoom", (404, "extension_lacking"), "zoom"),
        ("GET", "/api/emails/connect-gmail", (404, "extension_lacking"), "gmail"),
        ("GET", "/api/auth/google/login/", (501, "not_served"), "google-sign-in"),
        ("POST", "/api/auth/google/signup", (501, "not_served"), "google-sign-in"),
    ],
)
def test_what_leads_nowhere_names_the_extension(client, method, path, refusal, extension):
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.json["code"]) == refusal
    assert answer.mimetype == "application/problem+json"
    assert repr(extension) in answer.json["detail"]


def test_nobody_else_is_led_anywhere(client):
    # What is asked for with GET is a page of people's, and no webhook.
    assert client.get("/webhooks/zoom").headers["Location"].startswith("/sign-in")
    assert client.post("/webhooks/..%2Fleads").status_code == 404
    assert client.post("/webhooks/zoom/more").status_code == 404
    assert client.delete("/api/calls/webhook/status").status_code == 404


def test_an_extension_runs_where_a_workspace_has_it(stripe):
    assert stripe.core.runtime.runs("stripe")
    assert not stripe.core.runtime.runs("twilio")


@pytest.fixture
def stripe(built_in):
    return built_in("stripe")
