"""Rule: a README tells people how to set the extension up. Never an error."""

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for README.md."""
    if folder.has_file("README.md"):
        return []
    message = "There is no README.md: say what the extension does and how to set it up."
    return [CheckFinding(severity="warning", code="missing_readme", message=message)]
