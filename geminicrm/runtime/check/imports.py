"""Rule: an extension imports the SDK, its own requirements and itself, and nothing of the core."""

import ast
import sys
from collections.abc import Iterator
from typing import Final

from packaging.requirements import Requirement

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder

_CORE: Final = frozenset({"geminicrm", "marketplace", "migrations", "wsgi"})
_SDK: Final = frozenset({"extension_base", "integration_base", "sdk"})
_LOADERS: Final = frozenset({"import_module", "__import__"})


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look at every import, those by name (`import_module("...")`) too."""
    own = _own_modules(folder)
    found = []
    for file, tree in folder.own_trees():
        for node in ast.walk(tree):
            problems = [_problem(module, own) for module in _modules(node)]
            problems.append(_climbs(node, file))
            found += [
                CheckFinding(
                    severity="error",
                    code="forbidden_import",
                    message=message,
                    file=file,
                    line=getattr(node, "lineno", 0),
                )
                for message in problems
                if message
            ]
    return found


def _climbs(node: ast.AST, file: str) -> str | None:
    if isinstance(node, ast.ImportFrom) and node.level > file.count("/") + 1:
        return f"The import climbs out of the extension's folder: {node.level} dots are too many."
    return None


def _modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    if isinstance(node, ast.Call) and node.args and _called(node) in _LOADERS:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _own_modules(folder: ExtensionFolder) -> frozenset[str]:
    if folder.manifest is None:
        return frozenset()
    names = {name.partition("/")[0].removesuffix(".py") for name, _ in folder.own_trees()}
    required = {Requirement(text).name for text in folder.manifest.requires.python}
    others = {name.replace("-", "_").lower() for name in required} | sys.stdlib_module_names
    package = folder.manifest.id.replace("-", "_")
    return frozenset({*(names - others - {"__init__", "extensions"}), package} - others)


def _problem(module: str, own: frozenset[str]) -> str | None:
    root, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    if root in own:
        return f"{module}: an extension's own modules are imported relatively: `from . import ...`."
    if root in _CORE:
        return f"{module} belongs to the core: use the doors at self.app and extensions.sdk."
    if root == "requests":
        return "requests goes round the allowed hosts: use self.app.http."
    if root == "extensions" and first not in _SDK:
        return f"{module} is another extension: import the SDK only ({', '.join(sorted(_SDK))})."
    return None
