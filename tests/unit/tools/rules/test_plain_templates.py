import pytest

from tests.support.rules import findings
from tools.rules.plain_templates import check


@pytest.mark.parametrize(
    ("markup", "what"),
    [
        ('<p\nstyle="color: red">', "style attribute"),
        ("<style>p {}</style>", "style element"),
        ("<script>go()</script>", "script"),
        ('<script type="module">go()</script>', "script"),
        ('<button onclick="go()">', "event handler"),
        ('<form hx-on:submit="go()">', "event handler"),
        ('<a href="javascript:go()">', "javascript address"),
    ],
)
def test_inline_code_is_found(markup: str, what: str):
    found = findings(check, {"geminicrm/web/templates/a.html": f"<main>\n{markup}"})
    assert found == [f"geminicrm/web/templates/a.html:2: inline {what}"]


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="/static/app.js" defer></script>',
        '<script type="application/json" id="data">{}</script>',
        '<p class="style" data-on="1">one = two, style = three</p>',
        '<input name="x" data-style="1">',
    ],
)
def test_plain_markup_is_fine(markup: str):
    assert findings(check, {"geminicrm/web/templates/a.html": markup}) == []
