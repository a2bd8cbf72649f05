"""Rendering, static files, preferences and what the shell puts around pages."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from geminicrm.web import pages
from tests.support.shell_app import shell_app

STATIC = Path(pages.__file__).resolve().parent / "static"


def test_assets_are_kept_for_a_year_under_the_name_of_their_content():
    digest = hashlib.sha256((STATIC / "css" / "base.css").read_bytes()).hexdigest()[:10]
    client = shell_app().test_client()
    with client.get(f"/static/css/base.css?v={digest}") as kept:
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert f"/static/css/base.css?v={digest}" in client.get("/leads").text


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("js/toasts.js", "no-cache"),
        ("js/toasts.js?v=0000000000", "no-cache"),
        ("vendor/inter-latin.woff2", "public, max-age=604800"),
    ],
)
def test_other_addresses_are_asked_for_again(path: str, kept: str):
    with shell_app().test_client().get(f"/static/{path}") as answer:
        assert answer.headers["Cache-Control"] == kept


@pytest.mark.parametrize("path", ["nothing.css", "../pages.py", "%2e%2e/pages.py?v=x"])
def test_nothing_else_is_served(path: str):
    assert shell_app().test_client().get(f"/static/{path}").status_code == 404


def test_the_page_knows_navigation_person_and_token():
    html = shell_app().test_client().get("/styleguide").text
    assert '<meta name="csrf-token" content="token">' in html
    assert 'href="/styleguide" aria-current="page"' in html
    assert '<span class="nav-badge">1,204</span>' in html
    assert "Analytical Engines" in html
    assert 'action="/sign-out"' in html


def test_without_a_person_there_is_no_account_menu():
    html = shell_app(viewer=None).test_client().get("/leads").text
    assert "Sign out" not in html
    assert 'data-search-url=""' in html


def test_palette_commands_are_data():
    html = shell_app().test_client().get("/leads").text
    text = html.split('id="palette-commands"')[1].split(">", 1)[1].split("</script>")[0]
    assert json.loads(text)[:2] == [
        {"title": "New lead", "url": "/leads?new", "icon": "plus", "keys": "c"},
        {"title": "Go to Home", "url": "/", "icon": "home", "keys": "g h"},
    ]


def test_flashed_messages_become_toasts():
    html = shell_app().test_client().get("/flash").text
    assert 'data-category="success"' in html
    assert 'data-category="error"' in html
    assert '<span class="toast-text">Odd</span>' in html
    assert 'data-category="unknown"' not in html


def test_a_fragment_can_carry_a_toast():
    answer = shell_app().test_client().post("/styleguide", data={"action": "x"})
    event = json.loads(answer.headers["HX-Trigger"])
    assert event == {"toast": {"message": "Done: sent café", "category": "success"}}


def test_the_error_page_stands_alone():
    html = shell_app().test_client().get("/failing").text
    assert "Error 503" in html
    assert "<code>req_1</code>" in html
    assert 'href="/again"' in html
    assert "sidenav" not in html


def test_the_theme_comes_from_the_cookie():
    client = shell_app().test_client()
    assert 'data-theme="system"' in client.get("/leads").text
    client.set_cookie("theme", "dark")
    client.set_cookie("shortcuts", "off")
    html = client.get("/leads").text
    assert 'data-theme="dark" data-shortcuts="off"' in html
    assert "Turn on" in html
    client.set_cookie("theme", '"><script>')
    assert 'data-theme="system"' in client.get("/leads").text


def test_preferences_without_scripts():
    answer = (
        shell_app().test_client().get("/preferences?theme=dark&shortcuts=sideways&next=/leads?a=1")
    )
    assert (answer.status_code, answer.location) == (303, "/leads?a=1")
    assert [cookie.split(";")[0] for cookie in answer.headers.getlist("Set-Cookie")] == [
        "theme=dark"
    ]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "",
        "evil",
        "/a\r\nSet-Cookie: x",
    ],
)
def test_only_our_own_paths_are_returned_to(address: str):
    assert pages.local_path(address) == "/"


@pytest.fixture
def app() -> Flask:
    return shell_app()


def shown(app: Flask, template: str, **context: object) -> str:
    with app.test_request_context("/"):
        return render_template_string(template, **context)


def test_filters_know_the_zone(app: Flask):
    assert shown(app, "{{ '2026-11-21T23:30:00Z'|instant }}") == "22 Nov 2026, 00:30"
    assert shown(app, "{{ now|relative_time }}", now=datetime.now(tz=UTC)) == "just now"
    assert shown(app, "{{ '2001-01-01'|overdue }} {{ '2999-01-01'|overdue }}") == "True False"
    assert shown(app, "{{ '2001-01-01'|relative_day }}").endswith("days ago")
    assert shown(shell_app(None), "{{ '2026-11-21T23:30:00Z'|instant }}") == "21 Nov 2026, 23:30"


def test_icons_have_a_name_or_are_hidden(app: Flask):
    assert 'aria-hidden="true"' in shown(app, "{{ icon('home') }}")
    assert 'role="img" aria-label="&lt;Home&gt;"' in shown(
        app, "{{ icon('home', label='<Home>') }}"
    )
