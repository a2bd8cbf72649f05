"""Extensions' blocks: what they write stays text, wherever it lands."""

import pytest
from flask import Flask, render_template_string

from tests.support.shell_app import shell_app

ATTACK = "\"><script>alert(1)</script>'"
TEMPLATE = """{% from "ui/blocks.html" import render_blocks %}
{{ render_blocks([block], "/act", "token") }}"""


@pytest.fixture
def app() -> Flask:
    return shell_app()


def shown(app: Flask, block: dict[str, object]) -> str:
    with app.test_request_context("/"):
        return render_template_string(TEMPLATE, block=block)


FIELD = {"id": ATTACK, "label": ATTACK, "help": ATTACK, "value": ATTACK}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "heading", "text": ATTACK, "level": 2},
        {"type": "text", "text": ATTACK},
        {"type": "fields", "entries": [{"label": ATTACK, "value": ATTACK}]},
        {"type": "stat", "label": ATTACK, "value": ATTACK, "hint": ATTACK, "tone": ATTACK},
        {"type": "badge", "text": ATTACK, "tone": ATTACK},
        {"type": "table", "columns": [ATTACK], "rows": [[ATTACK]], "caption": ATTACK},
        {"type": "link", "text": ATTACK, "href": "https://a.example/" + ATTACK},
        {"type": "link", "text": ATTACK, "href": "/" + ATTACK},
        {"type": "button", "text": ATTACK, "action": ATTACK, "style": ATTACK, "confirm": ATTACK},
        *(
            {
                "type": "form",
                "action": ATTACK,
                "submit": ATTACK,
                "fields": [
                    {**FIELD, "type": kind, "options": [{"value": ATTACK, "label": ATTACK}]}
                ],
            }
            for kind in ("text", "textarea", "number", "select", "checkbox", "date", "password")
        ),
    ],
)
def test_nothing_becomes_markup(app: Flask, block: dict[str, object]):
    html = shown(app, block)
    assert "<script" not in html
    assert "alert(1)" in html


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "http://a.example", "//a.example", "/\\a.example", "data:x", ""]
)
def test_other_addresses_are_text(app: Flask, href: str):
    assert "<a" not in shown(app, {"type": "link", "text": "x", "href": href})


def test_outward_links_give_nothing_away(app: Flask):
    html = shown(app, {"type": "link", "text": "x", "href": "https://a.example/"})
    assert 'rel="noopener noreferrer nofollow"' in html


def test_a_button_is_a_form_that_works_without_scripts(app: Flask):
    html = shown(app, {"type": "button", "text": "Go", "action": "go", "confirm": "Sure?"})
    assert '<form class="inline-form" method="post" action="/act" hx-post="/act"' in html
    assert '<input type="hidden" name="csrf_token" value="token">' in html
    assert '<input type="hidden" name="action" value="go">' in html
    assert 'hx-confirm="Sure?"' in html


def test_what_the_extension_names_is_sent_under_names_of_its_own(app: Flask):
    button = {
        "type": "button",
        "text": "Go",
        "action": "go",
        "inputs": [{"id": "csrf_token", "value": "x"}],
    }
    assert '<input type="hidden" name="value-csrf_token" value="x">' in shown(app, button)
    fields = [{"id": "action", "label": "A", "type": "text", "placeholder": "e.g. B"}]
    form = shown(app, {"type": "form", "action": "a", "submit": "Save", "fields": fields})
    assert 'name="value-action"' in form
    assert 'placeholder="e.g. B"' in form


def test_a_kept_secret_is_never_shown(app: Flask):
    field = {"id": "pin", "label": "PIN", "type": "password", "value": "hunter2"}
    block = {"type": "form", "action": "a", "submit": "Save", "fields": [field]}
    assert "hunter2" not in shown(app, block)


def test_unknown_blocks_show_nothing(app: Flask):
    assert "x" not in shown(app, {"type": "iframe", "src": "x"}).split("data-blocks>")[1]


def test_numbers_stand_right_with_their_heads(app: Flask):
    html = shown(
        app, {"type": "table", "columns": ["Name", "Sum"], "rows": [["A", 1200], ["B", None]]}
    )
    assert html.count('class="cell-end num"') == 2
    assert "1,200" in html
    assert ">\N{EN DASH}</td>" in html


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/leads/lead_1", '<a href="/leads/lead_1">Ada</a>'),
        ("https://a.example/", 'rel="noopener noreferrer nofollow">Ada<span'),
        ("javascript:x", '<td data-label="Lead">Ada</td>'),
    ],
)
def test_a_cell_may_be_a_link(app: Flask, href: str, expected: str):
    cell = {"type": "link", "text": "Ada", "href": href}
    page = shown(app, {"type": "table", "columns": ["Lead"], "rows": [[cell]]})
    assert expected in page
