"""Rule: the folder has the name of the extension. Never an error."""

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Compare the id with the folder's name."""
    if folder.manifest is None:
        return []
    wanted = folder.manifest.id.replace("-", "_")
    name = folder.path.resolve().name
    if name in {wanted, folder.manifest.id}:
        return []
    message = f"The folder is called {name}: call it {wanted}, after the extension's id."
    return [CheckFinding(severity="warning", code="folder_name", message=message)]
