"""The project speaks of itself alone: no path of one machine, no folder beside it."""

import re
from collections.abc import Iterator

from tools.rules.tree import Finding, Tree

# Written with a gap, so that this file is no finding itself.
WORDS = {
    "a folder beside the project": re.compile(r"\.\.[/]shared"),
    "a path of one machine": re.compile(r"(?<![\w./-])/(?:work|root)/"),
}


def check(tree: Tree) -> Iterator[Finding]:
    """Give the lines with words that do not belong."""
    for source in tree.files:
        for number, line in enumerate(source.lines, 1):
            for what, pattern in WORDS.items():
                if pattern.search(line):
                    yield source.finding(number, what)
