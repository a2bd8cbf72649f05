"""Rule: manifest.json is there and right."""

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Pass on what is wrong with the manifest."""
    return [
        CheckFinding(
            severity="error",
            code=found.code,
            message=f"{found.pointer}: {found.message}" if found.pointer else found.message,
            file="manifest.json",
            pointer=found.pointer,
        )
        for found in folder.manifest_findings
    ]
