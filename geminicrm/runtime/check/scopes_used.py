"""Rule: what the code does to records is declared, so that an admin can agree to it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from geminicrm.runtime.check.doors import Use, uses
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
    """Compare every call of a record door with the permissions, once for each line."""
    if folder.manifest is None:
        return []
    return list(_undeclared(folder, folder.manifest))


def _undeclared(folder: ExtensionFolder, manifest: Manifest) -> Iterator[CheckFinding]:
    declared = {*manifest.permissions, *manifest.optional_permissions}
    seen = set()
    for use in uses(folder):
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
    return None
