"""Text out of the HTML of a mail: what people read of it, and nothing that runs or loads."""

import re
from html.parser import HTMLParser
from typing import Final

from typing_extensions import override

_UNREAD: Final = frozenset({"script", "style", "template", "title"})
_BREAKS: Final = frozenset(
    {"blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "table",
     "tr", "ul"}
)  # fmt: skip
_MOST: Final = 500_000
_BLANK: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n ?(?: ?\n ?)+")


def plain(html: str) -> str:
    """Give the text of an HTML mail; markup, styles and scripts are left out."""
    reader = _Reader()
    reader.feed(html[:_MOST])
    reader.close()
    lines = _BLANK.sub(" ", "".join(reader.parts))
    return _LINES.sub("\n\n", lines.replace(" \n", "\n").replace("\n ", "\n")).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")

    @override
    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data.replace("\n", " "))
