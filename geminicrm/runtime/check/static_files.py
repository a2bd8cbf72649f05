"""Rule: `static/` holds only types that are served."""

from pathlib import PurePosixPath

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.package_rules import STATIC_TYPES


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look at the suffixes."""
    kinds = ", ".join(STATIC_TYPES)
    return [
        CheckFinding(
            severity="error",
            code="static_type",
            message=f"This type is not served from static/. Served are: {kinds}.",
            file=name,
        )
        for name in folder.entries
        if name.startswith("static/") and PurePosixPath(name).suffix.lower() not in STATIC_TYPES
    ]
