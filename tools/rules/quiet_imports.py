"""Importing a module does nothing and starts no state: wiring belongs to the composition root."""

import ast
from collections.abc import Iterator

from tools.rules.tree import Finding, Source, Tree

# Calls that only name something: nothing happens and nothing is kept.
NAMING = frozenset(
    {
        "HookimplMarker",
        "HookspecMarker",
        "NewType",
        "ParamSpec",
        "TypeAliasType",
        "TypeVar",
        "argument",  # click: a decorator that commands share
        "getLogger",
        "get_logger",
        "option",
    }
)
# The contract of extensions lets routes.py keep the blueprint; each version is loaded on its own.
NAMING_IN_EXTENSIONS = NAMING | {"Blueprint"}


def check(tree: Tree) -> Iterator[Finding]:
    """Give calls, loops, `global` and lower-case values that a module makes for itself."""
    for source in tree.python():
        yield from _acts(source)
    for source in tree.product():
        yield from _state(source)
        yield from (
            source.finding(node.lineno, "`global`: state lives in the app object or the database")
            for node in ast.walk(source.syntax)
            if isinstance(node, ast.Global)
        )


def _acts(source: Source) -> Iterator[Finding]:
    for node in source.syntax.body:
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
        if call or isinstance(node, ast.For | ast.While | ast.With | ast.Delete):
            yield source.finding(node.lineno, "work at import")


def _state(source: Source) -> Iterator[Finding]:
    allowed = NAMING_IN_EXTENSIONS if source.parts[0] == "extensions" else NAMING
    for name, value in _assigned(source.syntax):
        if name.id.lstrip("_").islower() and not name.id.startswith("__"):
            made = isinstance(value, ast.Call) and _callee(value) not in allowed
            if made or isinstance(value, ast.List | ast.Dict | ast.Set):
                message = f"{name.id}: state of a module; a constant is written in capitals"
                yield source.finding(name.lineno, message)


def _assigned(module: ast.Module) -> Iterator[tuple[ast.Name, ast.expr]]:
    for node in module.body:
        targets = _targets(node)
        value = getattr(node, "value", None)
        yield from ((each, value) for each in targets if isinstance(each, ast.Name) and value)


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _callee(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
