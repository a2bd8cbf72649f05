"""No module is longer than 300 lines."""

from collections.abc import Iterator

from tools.rules.tree import Finding, Tree

LIMIT = 300


def check(tree: Tree) -> Iterator[Finding]:
    """Give the modules over the limit."""
    for source in tree.python():
        length = len(source.lines)
        if length > LIMIT:
            yield source.finding(LIMIT + 1, f"{length} lines, at most {LIMIT}")
