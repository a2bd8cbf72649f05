import json
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from geminicrm.api.http import problem
from geminicrm.app import Core
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import AppError
from geminicrm.runtime.dispatch import blueprint
from tests.support.core import Tenant, sign_in
from tests.support.sample_extensions import (
    HEAD,
    OLD_STYLE,
    QUIET,
    CountedCalls,
    Stage,
    with_routes,
    write_package,
)

HIDDEN = {
    "Cookie": "session=1",
    "Authorization": "Bearer gck_secret",
    "Proxy-Authorization": "Basic x",
    "X-CSRFToken": "token",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=10.0.0.1",
    "X-Real-IP": "10.0.0.1",
}
ECHO = with_routes(
    """
    @routes.route("/echo", methods=["GET", "POST", "PATCH"])
    def echo():
        seen = {name: value for name, value in request.headers.items()}
        environ = sorted(name for name in request.environ if not name.startswith("HTTP_"))
        return {
            "headers": seen, "body": request.get_data(as_text=True), "form": dict(request.form),
            "args": dict(request.args), "environ": environ, "path": request.path,
            "remote": request.remote_addr, "cookies": dict(request.cookies),
        }
    """
)


@pytest.fixture
def client(stage: Stage, tenant: Tenant) -> FlaskClient:
    app = Flask("core")
    app.register_blueprint(blueprint(stage.runtime.dispatcher, current_actor))
    app.register_error_handler(AppError, lambda error: problem(error, "/"))

    @app.before_request
    def sign_in() -> None:
        g.actor = tenant.owner()

    return app.test_client()


def ask(client: FlaskClient, path: str, method: str = "GET", **more: Any) -> TestResponse:
    return client.open(f"/api/extensions/sample{path}", method=method, **more)


def test_a_route_answers_with_what_the_extension_says(
    stage: Stage, tenant: Tenant, client: FlaskClient
):
    stage.put(tenant, ECHO)
    seen = ask(client, "/echo?a=1&a=2&b=%20").get_json()

    assert seen["args"] == {"a": "1", "b": " "}
    assert seen["path"] == "/api/extensions/sample/echo"
    assert (seen["body"], seen["remote"], seen["cookies"]) == ("", None, {})


def test_credentials_and_proxies_never_reach_it(stage: Stage, tenant: Tenant, client: FlaskClient):
    stage.put(tenant, ECHO)
    answer = ask(client, "/echo", headers={**HIDDEN, "X-Own": "kept", "Accept": "*/*"})
    seen = answer.get_json()

    assert not {name.lower() for name in seen["headers"]} & {name.lower() for name in HIDDEN}
    assert "gck_secret" not in answer.get_data(as_text=True)
    assert (seen["headers"]["X-Own"], seen["headers"]["Accept"]) == ("kept", "*/*")
    assert not [name for name in seen["environ"] if name.startswith(("werkzeug.socket", "REMOTE"))]


def test_bodies_arrive_whole(stage: Stage, tenant: Tenant, client: FlaskClient):
    stage.put(tenant, ECHO)
    as_json = ask(client, "/echo", "POST", json={"a": [1]}).get_json()
    as_form = ask(client, "/echo", "PATCH", data={"name": "Ada"}).get_json()

    assert json.loads(as_json["body"]) == {"a": [1]}
    assert as_form["form"] == {"name": "Ada"}


def test_code_in_the_oldest_style_answers_unchanged(
    stage: Stage, tenant: Tenant, client: FlaskClient
):
    stage.put(
        tenant,
        OLD_STYLE,
        id="old-style",
        settings=[
            {"id": "key", "type": "password", "label": "Key", "description": "A key."},
            {"id": "size", "type": "number", "label": "Size", "description": "A size."},
        ],
        row={"settings": {"size": 3}, "secrets": stage.seal(key="s3cret")},
    )
    answer = client.get("/api/extensions/old-style/hello")

    assert answer.get_json() == {"hello": "North", "config": {"size": 3, "key": "s3cret"}}


@pytest.mark.parametrize("path", ["", "/", "/nothing/here"])
def test_an_extension_that_is_not_there_is_404_by_name(client: FlaskClient, path: str):
    answer = ask(client, path)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["code"] == "extension_not_available"
    assert answer.get_json()["extension_id"] == "sample"


def test_one_that_is_switched_off_is_gone_at_once(
    stage: Stage, tenant: Tenant, client: FlaskClient
):
    one = stage.put(tenant, ECHO)
    assert ask(client, "/echo").status_code == 200

    stage.change(tenant, one, enabled=False)

    assert ask(client, "/echo").status_code == 404


def test_a_failing_route_is_502_and_names_the_place(
    stage: Stage, tenant: Tenant, client: FlaskClient
):
    stage.put(tenant, with_routes("@routes.get('/bad')\ndef bad():\n    raise ValueError('pw 1')"))
    stage.put(tenant, ECHO.replace("sample", "other"), id="other")
    answer = ask(client, "/bad")

    assert (answer.status_code, answer.mimetype) == (502, "application/problem+json")
    found = answer.get_json()
    assert (found["code"], found["extension_id"]) == ("extension_failed", "sample")
    assert found["where"] == "extension.py:19 in bad"
    assert "pw 1" not in answer.get_data(as_text=True)
    assert client.get("/api/extensions/other/echo").status_code == 200, "the core goes on"


def test_its_own_http_errors_are_its_answers(stage: Stage, tenant: Tenant, client: FlaskClient):
    one = stage.put(tenant, with_routes("@routes.get('/gone')\ndef gone():\n    abort(410)"))

    assert ask(client, "/gone").status_code == 410
    assert ask(client, "/unknown").status_code == 404
    assert ask(client, "/gone", "POST").status_code == 405
    assert stage.runtime.calls.troubles(one) == []


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        ("Conflict('changed')", 409, "conflict"),
        ("Invalid([])", 422, "validation_failed"),
        ("NotFound('lead', 'x')", 404, "not_found"),
        ("Refused('no', 'email')", 422, "refused_by_extension"),
        ("Refused('no')", 422, "refused_by_extension"),
        ("Unavailable('later', 7)", 503, "unavailable"),
        ("HttpFailed('no answer')", 502, "extension_outside_failed"),
    ],
)
def test_errors_of_the_sdk_become_problems(
    stage: Stage, tenant: Tenant, client: FlaskClient, raised: str, status: int, code: str
):
    stage.put(tenant, with_routes(f"@routes.get('/x')\ndef x():\n    raise {raised}"))
    answer = ask(client, "/x")

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (answer.get_json()["code"], answer.get_json()["extension_id"]) == (code, "sample")


def test_a_missing_permission_is_403_and_counted(stage: Stage, tenant: Tenant, client: FlaskClient):
    routes = "@routes.get('/x')\ndef x():\n    return list(self.app.deals.list().data)"
    stage.put(tenant, with_routes(routes), row={"granted": ["read:leads"]})
    answer = ask(client, "/x")

    assert answer.status_code == 403
    assert answer.get_json()["scope"] == "read:deals"
    assert "WWW-Authenticate" not in answer.headers


def test_answers_are_sandboxed_and_their_headers_chosen(
    stage: Stage, tenant: Tenant, client: FlaskClient
):
    routes = """
    @routes.get("/x")
    def x():
        return "<script>alert(1)</script>", 201, {
            "Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*", "X-Total-Count": "3",
            "Content-Security-Policy": "default-src *", "Location": "/leads", "Link": "<a>",
        }

    @routes.get("/cached")
    def cached():
        return "x", 200, {"Cache-Control": "public, max-age=60", "Content-Type": "text/plain"}
    """
    stage.put(tenant, with_routes(routes))
    answer, cached = ask(client, "/x"), ask(client, "/cached")

    assert answer.status_code == 201
    assert answer.headers.getlist("Content-Type") == ["text/html; charset=utf-8"]
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    assert policy.startswith("sandbox; default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Total-Count"] == "3"
    assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & set(answer.headers.keys())
    assert cached.headers["Vary"] == "Authorization, Cookie"


def test_head_and_options_are_right(stage: Stage, tenant: Tenant, client: FlaskClient):
    stage.put(tenant, with_routes("@routes.get('/x')\ndef x():\n    return 'four'"))
    head, options = ask(client, "/x", "HEAD"), ask(client, "/x", "OPTIONS")

    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "4")
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_after_repeated_failures_it_is_503_with_retry_after(
    stage: Stage, tenant: Tenant, client: FlaskClient
):
    stage.put(tenant, with_routes("@routes.get('/bad')\ndef bad():\n    1 / 0"))
    with capture_logs():
        statuses = [ask(client, "/bad").status_code for _ in range(6)]
    answer = ask(client, "/bad")

    assert statuses == [502] * 5 + [503]
    assert answer.get_json()["code"] == "extension_paused"
    assert answer.headers["Retry-After"] == "30"


def test_an_extension_without_routes_has_no_pages(
    stage: Stage, tenant: Tenant, client: FlaskClient
):
    stage.put(tenant, HEAD + QUIET)

    assert ask(client, "/x").status_code == 404


def test_a_form_sent_by_a_browser_arrives_whole(core: Core, tenant: Tenant, app: Flask):
    package = write_package(core.runtime.options.packages, ECHO)
    core.own_packages.note(package.digest)
    stage = Stage(core, core.runtime, core.crm, CountedCalls(), [])
    stage.put_package(tenant, package)
    browser = app.test_client()
    token = sign_in(browser, tenant)
    path = "/api/extensions/sample/echo"

    assert browser.post(path, data={"name": "Ada"}).status_code == 403, "without the token"
    sent = browser.post(path, data={"name": "Ada"}, headers={"X-CSRFToken": token}).get_json()
    assert sent["form"] == {"name": "Ada"}
    assert sent["cookies"] == {}
    assert "X-Csrftoken" not in sent["headers"]
    assert app.test_client().get(path).status_code == 401
