"""Rule: every Python file can be read as Python."""

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Pass on what could not be read, with file and line."""
    return list(folder.broken)
