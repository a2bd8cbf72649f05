"""What happens around every request: ids, headers, the guard, the two faces of an error."""

import pytest
from flask import Flask

from geminicrm.app import create_app
from geminicrm.identity.guards import public
from geminicrm.kernel.errors import Unavailable
from geminicrm.web.pages import render
from tests.support.core import csrf, sign_in


@pytest.fixture
def app(app: Flask) -> Flask:
    def fail():
        raise ZeroDivisionError("a secret detail")

    def busy():
        raise Unavailable("Come back later.", retry_after=7)

    for place in ("/api/test", "/test"):
        for view in (fail, busy):
            app.add_url_rule(f"{place}/{view.__name__}", f"{place}{view.__name__}", public(view))
    app.add_url_rule("/test/echo", "echo", lambda: "ok", methods=["POST"])
    app.add_url_rule("/api/test/echo", "api_echo", lambda: "ok", methods=["POST"])
    return app


def test_every_answer_has_an_id_and_is_private(client):
    answers = [client.get("/healthz") for _ in range(2)]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 2
    assert answers[0].headers["Cache-Control"] == "private, no-cache"
    assert answers[0].headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in answers[0].headers


def test_https_is_said_to_be_kept(make_core):
    app = create_app(core=make_core(GEMINICRM_PUBLIC_URL="https://crm.example"))
    assert "max-age" in app.test_client().get("/healthz").headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/nowhere", 404, "not_found"),
        ("/api/test/fail", 500, "internal_error"),
        ("/api/test/busy", 503, "unavailable"),
        ("/api/leads", 401, "unauthenticated"),
    ],
)
def test_programs_get_problem_documents(client, path, status, code):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["instance"] == answer.headers["X-Request-Id"]
    assert "secret" not in answer.get_data(as_text=True)


def test_an_error_s_headers_go_out_with_it(client):
    assert client.get("/api/test/busy").headers["Retry-After"] == "7"
    assert client.get("/api/leads").headers["WWW-Authenticate"] == 'Bearer realm="geminicrm"'
    wrong_method = client.put("/healthz")
    assert wrong_method.status_code == 405
    assert "GET" in wrong_method.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/test/fail", 500), ("/test/busy", 503)]
)
def test_people_get_pages_with_a_reference(client, path, status):
    answer = client.get(path)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert answer.headers["X-Request-Id"] in page
    assert "secret" not in page


def test_strangers_are_led_to_the_sign_in_and_back(client, tenant):
    answer = client.get("/account?tab=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/account%3Ftab%3D1"
    token = csrf(client, "/sign-in")
    form = {"email": tenant.email, "password": "correct horse battery", "csrf_token": token}
    assert (
        client.post("/sign-in", data={**form, "next": "/account?tab=1"}).location
        == "/account?tab=1"
    )


def test_a_stranger_s_form_is_refused_with_a_page(client):
    answer = client.post("/test/echo")
    assert answer.status_code == 401
    assert answer.mimetype == "text/html"


def test_a_browser_s_form_needs_its_token(client, tenant):
    token = sign_in(client, tenant)
    assert client.post("/test/echo").status_code == 403
    assert client.post("/test/echo", data={"csrf_token": "made up"}).status_code == 403
    assert client.post("/test/echo", data={"csrf_token": token}).status_code == 200
    assert client.post("/test/echo", headers={"X-CSRFToken": token}).status_code == 200
    assert client.post("/api/test/echo").status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_another_site_s_form_is_refused_even_with_a_token(client, tenant, origin):
    token = sign_in(client, tenant)
    answer = client.post("/test/echo", data={"csrf_token": token}, headers={"Origin": origin})
    assert answer.status_code == 403
    own = client.post(
        "/test/echo", data={"csrf_token": token}, headers={"Origin": "http://localhost"}
    )
    assert own.status_code == 200


def test_a_program_needs_no_form_token(client, tenant):
    assert client.post("/api/test/echo", headers=tenant.headers()).status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer gck_unknown", "Bearer gcs_unknown", "Bearer", "Basic eDp5", "nonsense", ""]
)
def test_what_is_no_token_is_refused_and_a_cookie_does_not_help(client, tenant, header):
    sign_in(client, tenant)
    answer = client.get("/api/leads", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_forged_cookie_holds_nothing(client):
    client.set_cookie("geminicrm", "eyJfdXNlcl9pZCI6ImdjX2ZvcmdlZCJ9.x.y")
    assert client.get("/api/leads").status_code == 401


def test_a_session_cookie_can_not_carry_an_api_token(app, client, tenant):
    with client.session_transaction() as session:
        session["_user_id"] = tenant.token
    assert client.get("/api/leads").status_code == 401


def test_the_shell_shows_who_is_signed_in(app, client, tenant):
    app.add_url_rule("/test/page", "page", lambda: render("base.html"))
    sign_in(client, tenant)
    page = client.get("/test/page").get_data(as_text=True)
    assert tenant.email in page
    assert "North" in page


def test_readiness_names_what_is_away(make_core, tenant):
    core = make_core(REDIS_URL="redis://127.0.0.1:1/0")
    client = create_app(core=core).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["database"] == "ok"
    assert "REDIS_URL" in answer.get_json()["checks"]["redis"]


def test_readiness_names_a_database_that_is_away(make_core, tmp_path):
    core = make_core()
    app = create_app(core=core)
    core.database.engine.dispose()
    (tmp_path / "home" / "geminicrm.db").unlink()
    (tmp_path / "home" / "geminicrm.db").mkdir()
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert "does not answer" in answer.get_json()["checks"]["database"]


def test_redis_that_answers_is_ready(make_core, redis_url):
    app = create_app(core=make_core(REDIS_URL=redis_url))
    assert app.test_client().get("/readyz").get_json()["checks"]["redis"] == "ok"


def test_metrics_count_by_route_and_not_by_path(client):
    client.get("/healthz")
    client.get("/nowhere/1")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'route="/healthz"' in text
    assert "nowhere" not in text
