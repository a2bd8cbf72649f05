"""Rule: an icon makes the extension easy to find. Never an error."""

from pathlib import PurePosixPath

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.package_rules import IMAGE_SUFFIXES


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for the icon that the manifest names."""
    icon = folder.manifest.icon if folder.manifest else ""
    if folder.manifest is None or (icon and folder.has_file(icon) and _is_image(icon)):
        return []
    message = f"{icon or 'An icon'} is missing or no picture: add one such as static/icon.svg."
    return [
        CheckFinding(
            severity="warning",
            code="missing_icon",
            message=message,
            file="manifest.json",
            pointer="/icon",
        )
    ]


def _is_image(icon: str) -> bool:
    return PurePosixPath(icon).suffix.lower() in IMAGE_SUFFIXES
