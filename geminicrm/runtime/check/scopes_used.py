"""Rule: what the code does to records, or asks of others, is declared for an admin to agree to."""

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from geminicrm.runtime.check.doors import Use, text_of, uses
from geminicrm.runtime.check.findings import found
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder, Severity
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.record_door import NOUNS

VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "get": "read",
        "list": "read",
        "get_many": "read",
        "create": "write",
        "create_many": "write",
        "update": "write",
        "update_many": "write",
        "delete": "write",
    }
)
"""What each method of a record door needs."""


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Compare every call of such a door with the permissions, once for each line."""
    if folder.manifest is None:
        return []
    return list(_undeclared(folder, folder.manifest))


def _undeclared(folder: ExtensionFolder, manifest: Manifest) -> Iterator[CheckFinding]:
    declared = {*manifest.permissions, *manifest.optional_permissions}
    seen = set()
    for use in (*uses(folder), *_using(folder)):
        scope = _scope(use)
        place = (use.file, use.line, scope)
        if scope is None or scope in declared or place in seen:
            continue
        seen.add(place)
        message = (
            f"{'.'.join(use.path)}() needs {scope}, and manifest.json does not ask for it: add it "
            "to permissions."
        )
        severity: Severity = "error" if use.certain else "warning"
        yield found("undeclared_scope", message, file=use.file, line=use.line, severity=severity)


def _scope(use: Use) -> str | None:
    nouns = set(NOUNS.values())
    match use.path:
        case (noun, method) if noun in nouns and method in VERBS:
            return f"{VERBS[method]}:{noun}"
        case ("capabilities", "ask" | "providers"):
            capability = text_of(use.call, 0)
            return f"use:{capability}" if capability else None
        case ("using",):
            return f"use:{text_of(use.call, 1)}"
    return None


def _using(folder: ExtensionFolder) -> Iterator[Use]:
    """Give each `using(..., "email")`: the usual way to the operations of a capability."""
    for file, node in folder.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            capability = text_of(node, 1) if node.func.id == "using" else None
            if capability:
                yield Use(path=("using",), certain=True, file=file, line=node.lineno, call=node)
