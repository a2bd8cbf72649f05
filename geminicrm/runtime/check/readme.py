"""Rule: a README tells people how to set the extension up. Never an error."""

from typing import Final

from geminicrm.runtime.check.findings import found
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder

UNCHANGED: Final = "This is where people read what the extension does for them."
"""A sentence of the README that a new extension starts with."""
FIRST_VERSION: Final = "0.1.0"
"""The version of a new extension, which has nothing of its own to tell yet."""
_README: Final = "README.md"
_LIMIT: Final = 64 * 1024


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for README.md, and for what nobody has written yet."""
    if not folder.has_file(_README):
        message = "There is no README.md: say what the extension does and how to set it up."
        return [found("missing_readme", message)]
    manifest = folder.manifest
    begun = manifest is not None and manifest.version != FIRST_VERSION
    if begun and UNCHANGED in folder.text(_README, _LIMIT):
        message = "This is still the README of a new extension: write what yours does."
        return [found("unchanged_readme", message, file=_README)]
    return []
