"""Rule: what an extension stores has a version, so that an upgrade can be gone back from."""

import ast

from geminicrm.runtime.check.changelog import mentions_version
from geminicrm.runtime.check.doors import uses
from geminicrm.runtime.check.findings import found, in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.manifest_model import Manifest

_POINTER = "/storage_version"


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Compare the manifest with the code, and with the version before."""
    if folder.manifest is None:
        return []
    problems = []
    if "storage_version" not in folder.manifest.source:
        problems += _missing(folder)
    if folder.previous is not None:
        problems += _changed(folder, folder.previous, folder.manifest)
    return problems


def _missing(folder: ExtensionFolder) -> list[CheckFinding]:
    places = [
        (use.file, use.line) for use in uses(folder) if use.path and use.path[0] == "storage"
    ] or [
        (file, node.lineno)
        for file, node in folder.nodes
        if isinstance(node, ast.Attribute) and node.attr == "storage"
    ]
    if not places:
        return []
    file, line = min(places)
    message = 'It stores data and manifest.json has no "storage_version": add one, from 1 on.'
    return [found("missing_storage_version", message, file=file, line=line)]


def _changed(folder: ExtensionFolder, before: Manifest, now: Manifest) -> list[CheckFinding]:
    if now.storage_version < before.storage_version:
        message = (
            f"{now.storage_version} is less than {before.storage_version} in {before.version}: "
            "data of that version would be read as older. Keep the number or raise it."
        )
        return [in_manifest("lower_storage_version", message, _POINTER)]
    if now.storage_version > before.storage_version and not mentions_version(folder):
        message = (
            f"It is raised from {before.storage_version} to {now.storage_version}: say in "
            f"CHANGELOG.md under {now.version} what changes and whether {before.version} still "
            "reads it."
        )
        return [in_manifest("unexplained_storage_version", message, _POINTER)]
    return []
