"""Rule: the entry point holds exactly one extension class, with all that the contract asks."""

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from extensions.extension_base import ExtensionBase
from extensions.integration_base import IntegrationBase
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder

_BASES: Final = {base.__name__: base for base in (ExtensionBase, IntegrationBase)}
"""The classes of the SDK to derive from, by name."""


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Find the class by its bases, and the abstract methods that it leaves out."""
    entry = folder.manifest.entry_point if folder.manifest else ""
    tree = folder.trees.get(entry)
    if tree is None:
        return []
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    kin = [name for name in classes if _ancestors(name, classes) & _BASES.keys()]
    parents = {base for name in kin for base in _bases(classes[name])}
    leaves = [name for name in kin if name not in parents]
    if not leaves:
        message = "There is no extension class: write `class MyExtension(ExtensionBase):`."
        return [_error("no_extension_class", message, entry, 0)]
    if len(leaves) > 1:
        message = f"There are several extension classes: {', '.join(leaves)}. Keep one."
        return [_error("many_extension_classes", message, entry, classes[leaves[1]].lineno)]
    return [_missing(entry, classes[leaves[0]], name) for name in _lacks(leaves[0], classes)]


def _error(code: str, message: str, file: str, line: int) -> CheckFinding:
    return CheckFinding(severity="error", code=code, message=message, file=file, line=line)


def _missing(entry: str, node: ast.ClassDef, method: str) -> CheckFinding:
    message = f"The class {node.name} has no method {method}: add `def {method}(self)`."
    return _error("missing_method", message, entry, node.lineno)


def _bases(node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        if isinstance(base, ast.Name):
            yield base.id
        if isinstance(base, ast.Attribute):
            yield base.attr


def _ancestors(name: str, classes: Mapping[str, ast.ClassDef]) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        node = classes.get(todo.pop())
        new = set(_bases(node)) - found if node else set()
        found |= new
        todo += new
    return found


def _lacks(name: str, classes: Mapping[str, ast.ClassDef]) -> list[str]:
    found = _ancestors(name, classes)
    ancestors = found - _BASES.keys()
    if not ancestors <= set(classes):
        return []  # a mixin from elsewhere may have them; loading tells
    nodes = [classes[one] for one in {name, *ancestors}]
    present = {item.name for node in nodes for item in node.body if isinstance(item, _NAMED)}
    base = _BASES[max(found & _BASES.keys())]  # whoever names both derives from the second
    return sorted(base.__abstractmethods__ - present)


_NAMED: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
