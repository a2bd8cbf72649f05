"""A test runs one way only: it does not branch. A stand-in defined inside it may."""

import ast
from collections.abc import Iterator

from tools.rules.tree import Finding, Tree

BRANCHES = ast.If | ast.IfExp | ast.While | ast.Try | ast.Match
INNER = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def check(tree: Tree) -> Iterator[Finding]:
    """Give the branches inside test functions."""
    for source in tree.python():
        if source.name.startswith("test_"):
            for function in _tests(source.syntax):
                yield from (
                    source.finding(node.lineno, f"{function.name} branches")
                    for node in _own_nodes(function)
                    if isinstance(node, BRANCHES)
                )


def _tests(module: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, INNER):
            yield child
            yield from _own_nodes(child)
