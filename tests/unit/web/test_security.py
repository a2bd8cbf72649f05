"""The response headers."""

import pytest
from flask import Flask, Response

from geminicrm.web import security


def make_app(public_url: str = "https://crm.example") -> Flask:
    app = Flask("headers", static_folder=None)
    security.init_app(app, public_url)

    def consent() -> str:
        security.allow_form_action("https://user@app.example:8443/callback?x=1")
        security.allow_form_action("com.example.app:/callback")
        return "consent"

    def own() -> Response:
        return Response("own", headers={"Content-Security-Policy": "sandbox"})

    app.add_url_rule("/page", "page", lambda: "page")
    app.add_url_rule("/consent", "consent", consent)
    app.add_url_rule("/own", "own", own)
    return app


def policy(path: str, **options: str) -> str:
    return make_app().test_client().get(path, **options).headers["Content-Security-Policy"]


def test_the_policy_is_the_agreed_one():
    expected = (
        "default-src 'none'; "
        "script-src https://crm.example/static/ http://localhost/static/; "
        "style-src https://crm.example/static/ http://localhost/static/; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert policy("/page") == expected


def test_one_origin_is_named_once():
    answer = make_app("http://localhost").test_client().get("/page")
    assert answer.headers["Content-Security-Policy"].count("http://localhost/static/") == 2


def test_a_host_that_could_end_the_directive_is_left_out():
    assert "evil" not in policy("/page", base_url="http://a;script-src evil.example")


def test_other_headers():
    headers = make_app().test_client().get("/page").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_consent_page_may_send_its_form_on():
    assert "form-action 'self' https://app.example:8443 com.example.app:; base-uri" in policy(
        "/consent"
    )


def test_the_next_page_may_not():
    client = make_app().test_client()
    client.get("/consent")
    assert "form-action 'self';" in client.get("/page").headers["Content-Security-Policy"]


def test_a_response_keeps_its_own_policy():
    assert policy("/own") == "sandbox"


@pytest.mark.parametrize(
    "address", ["/callback", "https://", "https://a;b/", "https://a b/", "bad scheme:x"]
)
def test_what_is_no_redirect_address(address: str):
    with pytest.raises(ValueError, match="is no redirect address"):
        security.form_action_source(address)


def test_an_address_by_number():
    assert security.form_action_source("http://[::1]:80/x") == "http://[::1]:80"
