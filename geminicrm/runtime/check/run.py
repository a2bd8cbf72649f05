"""All rules on one folder, with every finding together."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from geminicrm.runtime.check import (
    changelog,
    dynamic_code,
    entry_point,
    events_announced,
    extension_class,
    folder_name,
    hook_names,
    hooks_needed,
    hosts_declared,
    hosts_used,
    icon,
    imports,
    licence,
    manifest_file,
    paths,
    readme,
    requirements,
    scopes_declared,
    scopes_used,
    screenshots,
    secret_settings,
    secrets_left,
    sources,
    static_files,
    storage_version,
)
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder, open_folder
from geminicrm.runtime.manifest_model import Manifest

MOST_FINDINGS: Final = 50
"""Of one rule: more help nobody, and a hostile package must not make an answer endless."""


class Rule(Protocol):
    """One rule: looks at the folder and gives what it finds, nothing if all is well."""

    def __call__(self, folder: ExtensionFolder) -> list[CheckFinding]:
        """Check."""


PACKAGE_RULES: Final[tuple[Rule, ...]] = (
    manifest_file.check,
    paths.check,
    sources.check,
    entry_point.check,
    extension_class.check,
    hook_names.check,
    hooks_needed.check,
    imports.check,
    dynamic_code.check,
    secrets_left.check,
    scopes_used.check,
    scopes_declared.check,
    hosts_used.check,
    hosts_declared.check,
    events_announced.check,
    requirements.check,
    storage_version.check,
    secret_settings.check,
    static_files.check,
    icon.check,
    screenshots.check,
    licence.check,
    readme.check,
    changelog.check,
)
"""What an unpacked package must pass, whatever its folder is called."""

AUTHOR_RULES: Final[tuple[Rule, ...]] = (*PACKAGE_RULES, folder_name.check)
"""What `geminicrm ext check` tells an author."""


def check_folder(
    path: Path,
    *,
    known_scopes: Collection[str],
    core_version: str | None = None,
    rules: Sequence[Rule] = PACKAGE_RULES,
    previous: Manifest | None = None,
) -> list[CheckFinding]:
    """Apply rules to an extension's folder; errors come before warnings. Raises `OSError`.

    `previous` is the manifest of the version before this one, where there is one.
    """
    folder = open_folder(
        path, known_scopes=known_scopes, core_version=core_version, previous=previous
    )
    found = [one for rule in rules for one in _few(rule(folder))]
    return sorted(found, key=lambda one: (one.severity, one.file, one.line))


def _few(found: list[CheckFinding]) -> list[CheckFinding]:
    """Keep the first of many, the errors before all."""
    if len(found) <= MOST_FINDINGS:
        return found
    ordered = sorted(found, key=lambda one: one.severity)
    left_out = len(found) - MOST_FINDINGS
    last = ordered[MOST_FINDINGS - 1]
    message = f"{last.message} There are {left_out} more of this kind."
    return [*ordered[: MOST_FINDINGS - 1], replace(last, message=message)]
