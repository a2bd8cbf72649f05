"""README and changelog as HTML: Markdown without HTML of its own, then an allow-list."""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = (
    "a blockquote br code del em h2 h3 h4 h5 h6 hr li ol p pre s strong "
    "table tbody td th thead tr ul"
)
# No pictures: they would tell their server who reads the page.
ATTRIBUTES = {"a": {"href"}}
SCHEMES = {"http", "https", "mailto"}
_DEEPEST = 6


def to_html(markdown: str, title: str = "") -> Markup:
    """Give safe HTML; a first heading that only repeats `title` is left out.

    Headings sink one level, since the page has its own first one. Links that lead nowhere from
    here (into the package's folder) keep their text only.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = _without_title(parser.parse(markdown), title)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, _DEEPEST)}"
    rendered = parser.renderer.render(tokens, parser.options, {})
    return Markup(  # noqa: S704 - nh3 has just removed everything outside of the allow-list
        nh3.clean(
            rendered,
            tags=set(TAGS.split()),
            attributes=ATTRIBUTES,
            attribute_filter=_outward,
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
    )


def _without_title(tokens: list[Token], title: str) -> list[Token]:
    starts = [token.type for token in tokens[:3]] == ["heading_open", "inline", "heading_close"]
    if starts and tokens[1].content.strip().casefold() == title.casefold():
        return tokens[3:]
    return tokens


def _outward(_tag: str, _attribute: str, value: str) -> str | None:
    return value if value.startswith(("https://", "http://", "mailto:")) else None
