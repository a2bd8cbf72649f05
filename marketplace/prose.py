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
_FIRST, _DEEPEST = 2, 6


def to_html(markdown: str, *titles: str) -> Markup:
    """Give safe HTML; a first heading that only repeats one of `titles` is left out.

    Headings start at the second level, since the page has its own first one, and skip none.
    Links that lead nowhere from here (into the package's folder) keep their text only.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = _without_title(parser.parse(markdown), titles)
    _fit_headings(tokens)
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


def _without_title(tokens: list[Token], titles: tuple[str, ...]) -> list[Token]:
    starts = [token.type for token in tokens[:3]] == ["heading_open", "inline", "heading_close"]
    if starts and tokens[1].content.strip().casefold() in map(str.casefold, titles):
        return tokens[3:]
    return tokens


def _fit_headings(tokens: list[Token]) -> None:
    """Give headings the levels by which people can go through the page."""
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    levels = {token.tag for token in headings}
    above = min((int(tag[1:]) for tag in levels), default=_FIRST) - _FIRST
    last = _FIRST - 1
    for token in headings:
        if token.type == "heading_open":
            last = min(int(token.tag[1:]) - above, last + 1, _DEEPEST)
        token.tag = f"h{last}"


def _outward(_tag: str, attribute: str, value: str) -> str | None:
    known = attribute == "rel" or value.startswith(("https://", "http://", "mailto:"))
    return value if known else None
