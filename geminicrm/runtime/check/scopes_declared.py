"""Rule: nothing is asked for that the code does not use. Never an error.

A permission may be used in ways that can't be read off the source, so a single mention of the kind
of record is enough.
"""

import ast
from typing import Final

from geminicrm.runtime.check.doors import mentioned
from geminicrm.runtime.check.findings import in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.check.scopes_used import VERBS
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.record_door import NOUNS

# The core hands records to these; which kinds, the extension finds out by asking for them.
_GIVEN: Final = frozenset({"before_record_save", "collect_badges", "collect_panel"})
_WRITING: Final = frozenset(name for name, verb in VERBS.items() if verb == "write")


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for each permission on a kind of record."""
    manifest = folder.manifest
    if manifest is None or not folder.trees:
        return []
    defined = {node.name for _, node in folder.nodes if isinstance(node, ast.FunctionDef)}
    names = mentioned(folder) | defined
    return [
        in_manifest(
            "unused_scope",
            f"The code does not seem to use {scope}: ask for it once you need it.",
            f"/{member}/{at}",
        )
        for member in ("permissions", "optional_permissions")
        for at, scope in enumerate(getattr(manifest, member))
        if not _is_used(scope, names, manifest)
    ]


def _is_used(scope: str, names: frozenset[str], manifest: Manifest) -> bool:
    verb, _, noun = scope.partition(":")
    kinds = [kind for kind, one in NOUNS.items() if one == noun]
    if verb not in {"read", "write"} or not kinds:
        return True
    if verb == "write":
        return noun in names and not _WRITING.isdisjoint(names)
    return noun in names or bool(_GIVEN & names) or _is_told(kinds[0], manifest)


def _is_told(kind: str, manifest: Manifest) -> bool:
    wanted = any(event.startswith((f"{kind}.", "*")) for event in manifest.events)
    ui = manifest.ui
    records = [one.record for one in ui.record_panels]
    records += [one.record for one in ui.record_actions]
    records += [one.record for one in ui.custom_fields]
    return wanted or kind in records
