import pytest

from marketplace.prose import to_html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        "![picture](https://tracker.example/pixel.png)",
        "[click](javascript:alert(1))",
        "[click](data:text/html,hello)",
        '<a href="https://x" onclick="alert(1)" style="position:fixed">x</a>',
        '<form action="/marketplace/publish" method="post"><button>x</button></form>',
        "<iframe src=https://evil.example></iframe>",
        "<div hx-get='/x'>x</div>",
    ],
)
def test_nothing_of_a_stranger_acts(hostile: str):
    found = to_html(hostile)

    for tag in ("<script", "<img", "<form", "<button", "<iframe", "<div"):
        assert tag not in found
    for attribute in ('href="javascript', 'href="data', "style=", 'onclick="'):
        assert attribute not in found.replace("&quot;", "").partition("&lt;")[0]


def test_links_lead_outside_and_vouch_for_nothing():
    found = to_html("[docs](https://docs.example) [file](docs/a.md) [home](/leads)")

    assert '<a href="https://docs.example" rel="noopener noreferrer nofollow">docs</a>' in found
    assert found.count("href=") == 1


def test_tables_lists_and_code_stay():
    found = to_html("| a |\n|---|\n| b |\n\n- c\n\n`d` **e** ~~f~~")

    for part in ("<td>b</td>", "<li>c</li>", "<code>d</code>", "<strong>e</strong>", "<s>f</s>"):
        assert part in found


def test_a_first_heading_that_repeats_the_title_goes():
    assert to_html("# Mail Sync\n\ntext", "mail sync") == "<p>text</p>\n"
    assert "<h2>Other</h2>" in to_html("# Other\n\ntext", "mail sync")


def test_headings_fit_below_the_page_and_skip_no_level():
    found = to_html("### a\n\n###### b\n\n#### c\n\n### d")

    assert [line for line in found.splitlines() if line] == [
        "<h2>a</h2>",
        "<h3>b</h3>",
        "<h3>c</h3>",
        "<h2>d</h2>",
    ]


def test_nothing_gives_nothing():
    assert to_html("") == ""
