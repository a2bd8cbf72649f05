"""Imports stand at the top of a module, where a cycle shows."""

import ast
from collections.abc import Iterator

from tools.rules.tree import Finding, Tree


def check(tree: Tree) -> Iterator[Finding]:
    """Give the imports inside functions."""
    for source in tree.python():
        for function in ast.walk(source.syntax):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from (
                    source.finding(node.lineno, f"import inside {function.name}()")
                    for node in ast.walk(function)
                    if isinstance(node, ast.Import | ast.ImportFrom)
                )
