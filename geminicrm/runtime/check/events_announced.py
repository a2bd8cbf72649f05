"""Rule: the events that the code announces are declared, and those declared are announced."""

import ast
from collections.abc import Iterator
from typing import Final

from geminicrm.runtime.check.doors import mentioned, uses
from geminicrm.runtime.check.findings import found, in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder, Severity
from geminicrm.runtime.manifest_model import Manifest

_EMIT: Final = ("events", "emit")


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Compare calls of `app.events.emit` with the manifest."""
    if folder.manifest is None or not folder.trees:
        return []
    return [*_undeclared(folder, folder.manifest), *_unused(folder, folder.manifest)]


def _undeclared(folder: ExtensionFolder, manifest: Manifest) -> Iterator[CheckFinding]:
    declared = {one.name for one in manifest.event_types}
    for use in uses(folder):
        name = _name(use.call) if use.path == _EMIT else None
        if name is None or name in declared:
            continue
        message = (
            f"{name} is not among event_types in manifest.json, so this call is refused: add it, "
            "with its schema and a sample."
        )
        severity: Severity = "error" if use.certain else "warning"
        yield found("undeclared_event", message, file=use.file, line=use.line, severity=severity)


def _unused(folder: ExtensionFolder, manifest: Manifest) -> Iterator[CheckFinding]:
    names = mentioned(folder)
    for at, one in enumerate(manifest.event_types):
        if one.name not in names:
            message = f"The code does not seem to announce {one.name}: remove it, or announce it."
            yield in_manifest("unused_event", message, f"/event_types/{at}")


def _name(call: ast.Call) -> str | None:
    named = [one.value for one in call.keywords if one.arg == "name"]
    given = (*named, *call.args[:1], None)[0]
    value = given.value if isinstance(given, ast.Constant) else None
    return value if isinstance(value, str) else None
