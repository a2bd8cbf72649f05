"""A draft as the journal keeps it, so that another process can finish or undo what one began."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from geminicrm.runtime.install.drafting import Draft, DraftSettings
from geminicrm.runtime.manifest import build_manifest

Seal = Callable[[Mapping[str, str]], str | None]
Open = Callable[[str | None], dict[str, str]]


def facts_of(draft: Draft, seal: Seal) -> dict[str, Any]:
    """Give a draft as JSON-ready data, its secrets sealed."""
    return {
        "installation_id": draft.installation_id,
        "extension_id": draft.extension_id,
        "version": draft.version,
        "digest": draft.digest,
        "manifest": dict(draft.manifest.source),
        "granted": sorted(draft.granted),
        "settings": dict(draft.settings.plain),
        "secrets": seal(draft.settings.secrets),
        "trusted": draft.trusted,
        "built_in": draft.built_in,
        "hooks": list(draft.hooks) if draft.hooks is not None else None,
        "level": dict(draft.level) if draft.level is not None else None,
        "registry_id": draft.registry_id,
        "publisher_id": draft.publisher_id,
        "signed_by": draft.signed_by,
    }


def draft_from(
    facts: Mapping[str, Any], workspace_id: str, packages: Path, open_secrets: Open
) -> Draft:
    """Give the draft that the facts are of."""
    settings = DraftSettings(dict(facts["settings"]), open_secrets(facts["secrets"]))
    hooks = facts["hooks"]
    return Draft(
        installation_id=facts["installation_id"],
        workspace_id=workspace_id,
        extension_id=facts["extension_id"],
        version=facts["version"],
        digest=facts["digest"],
        manifest=build_manifest(facts["manifest"]),
        folder=packages / facts["digest"].removeprefix("sha256:"),
        granted=tuple(facts["granted"]),
        settings=settings,
        trusted=facts["trusted"],
        built_in=facts["built_in"],
        hooks=tuple(hooks) if hooks is not None else None,
        level=facts["level"],
        registry_id=facts["registry_id"],
        publisher_id=facts["publisher_id"],
        signed_by=facts["signed_by"],
    )
