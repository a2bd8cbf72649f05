"""A sleep says on its line what it stands for; waiting for something is `eventually`."""

import ast
from collections.abc import Iterator
from typing import TypeGuard

from tools.rules.tree import Finding, Tree


def check(tree: Tree) -> Iterator[Finding]:
    """Give the calls of `time.sleep` or `sleep` without a comment on their line."""
    for source in tree.python():
        for node in ast.walk(source.syntax):
            if _sleeps(node) and "  # " not in source.lines[node.lineno - 1]:
                yield source.finding(node.lineno, "a sleep without a reason")


def _sleeps(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep"}
