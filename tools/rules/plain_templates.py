"""Pages carry no inline style and no inline script: the content security policy refuses both."""

import re
from collections.abc import Iterator

from tools.rules.tree import Finding, Tree

INLINE = {
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "script": re.compile(
        r"<script(?![^>]*\s(?:src\s*=|type\s*=\s*[\"']application/(?:ld\+)?json))[^>]*>",
        re.IGNORECASE,
    ),
    "event handler": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
}


def check(tree: Tree) -> Iterator[Finding]:
    """Give every inline style, script and handler of the templates."""
    for source in tree.ending(".html"):
        for what, pattern in INLINE.items():
            for match in pattern.finditer(source.text):
                line = source.text.count("\n", 0, match.start()) + 1
                yield source.finding(line, f"inline {what}")
