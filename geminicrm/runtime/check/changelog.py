"""Rule: the changelog tells what this version changed. Never an error."""

import re
from typing import Final

from geminicrm.runtime.check.findings import found
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder

CHANGELOG: Final = "CHANGELOG.md"
_LIMIT: Final = 256 * 1024


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for the version in CHANGELOG.md."""
    if folder.manifest is None or mentions_version(folder):
        return []
    if not folder.has_file(CHANGELOG):
        message = "There is no CHANGELOG.md: people read it before they upgrade."
        return [found("missing_changelog", message)]
    version = folder.manifest.version
    message = f"{CHANGELOG} does not mention {version}: say what changed under `## {version}`."
    return [found("unmentioned_version", message, file=CHANGELOG)]


def mentions_version(folder: ExtensionFolder) -> bool:
    """Tell whether the changelog has the version of the manifest, and not just a longer one."""
    version = re.escape(folder.manifest.version if folder.manifest else "")
    text = folder.text(CHANGELOG, _LIMIT)
    return re.search(rf"(?<![\w.-]){version}(?![\w-]|\.\w)", text) is not None
