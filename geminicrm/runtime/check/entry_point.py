"""Rule: the entry point is a file of the folder."""

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.manifest_schema import nearest


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for the file; its name was checked with the manifest."""
    if folder.manifest is None or folder.has_file(folder.manifest.entry_point):
        return []
    entry = folder.manifest.entry_point
    message = f"There is no file {entry}.{nearest(entry, folder.trees)}"
    return [
        CheckFinding(
            severity="error",
            code="missing_entry_point",
            message=message,
            file="manifest.json",
            pointer="/entry_point",
        )
    ]
