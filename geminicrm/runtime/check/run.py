"""All rules on one folder, with every finding together."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, Protocol

from geminicrm.runtime.check import (
    entry_point,
    extension_class,
    folder_name,
    hook_names,
    icon,
    imports,
    manifest_file,
    paths,
    readme,
    requirements,
    sources,
    static_files,
)
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder, open_folder


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
    imports.check,
    requirements.check,
    static_files.check,
    icon.check,
    readme.check,
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
) -> list[CheckFinding]:
    """Apply rules to an extension's folder; errors come before warnings. Raises `OSError`."""
    folder = open_folder(path, known_scopes=known_scopes, core_version=core_version)
    found = [one for rule in rules for one in rule(folder)]
    return sorted(found, key=lambda one: (one.severity, one.file, one.line))
