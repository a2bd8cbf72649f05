"""Rule: a setting that holds a secret is stored as one. Never an error."""

import re
from typing import Final

from geminicrm.runtime.check.findings import in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.manifest_model import Setting

_SECRET: Final = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)"
    r"(_|$)"
)
_PUBLIC: Final = re.compile(r"(^|_)(public|publishable|id|url|name|header|prefix|hint)(_|$)")
_TEXTS: Final = frozenset({"text", "textarea"})


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look at the ids of plain settings that hold text."""
    settings = folder.manifest.settings if folder.manifest else ()
    return [
        in_manifest(
            "plain_secret",
            f"The setting {one.id} sounds like a secret and is shown to whoever opens the page: "
            'make its type "password".',
            f"/settings/{at}/type",
        )
        for at, one in enumerate(settings)
        if _is_exposed(one)
    ]


def _is_exposed(setting: Setting) -> bool:
    name = setting.id.lower().replace("-", "_")
    named = _SECRET.search(name) is not None and _PUBLIC.search(name) is None
    return named and setting.type in _TEXTS
