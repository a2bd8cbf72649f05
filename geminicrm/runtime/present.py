"""Installations as people and programs read them."""

from typing import Any

from geminicrm.kernel.clock import format_instant
from geminicrm.runtime.enforcement import isolation
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.settings_values import Stored, missing, shown

FILLED = "(set)"


def manifest_of(row: Installation) -> Manifest:
    """Give the manifest that was checked when the version was installed."""
    return build_manifest(row.manifest)


def readable_manifest(row: Installation) -> Manifest | None:
    """Give the manifest of a row, None where what is stored can't be read any more."""
    try:
        return build_manifest(row.manifest)
    except Exception:  # noqa: BLE001 - border: whatever a damaged row holds
        return None


def shown_manifest(row: Installation) -> Manifest:
    """Give the manifest of a row, or one that asks for nothing where it can't be read."""
    return readable_manifest(row) or build_manifest(
        {
            "id": row.extension_id,
            "name": row.extension_id,
            "version": row.version,
            "description": "What it is can't be read any more.",
            "author": "",
            "license": "",
            "entry_point": "extension.py",
            "permissions": [],
        }
    )


def present(row: Installation, secret_names: frozenset[str]) -> dict[str, Any]:
    """Give an installation in the shape of the API; `secret_names` are the secrets that are set."""
    manifest = shown_manifest(row)
    stored = Stored(row.settings, dict.fromkeys(secret_names, FILLED))
    return {
        "id": row.id,
        "extension_id": row.extension_id,
        "name": manifest.name,
        "description": manifest.description,
        "author": manifest.author,
        "icon": _icon(row, manifest),
        "version": row.version,
        "digest": row.digest,
        "enabled": row.enabled,
        "status": row.status,
        "isolation": isolation(built_in=row.built_in, trusted=row.trusted),
        "built_in": row.built_in,
        "trusted": row.trusted,
        "granted": list(row.granted),
        "level": row.level,
        "settings": shown(manifest, row.settings),
        "secrets_set": sorted(secret_names),
        "missing_settings": missing(manifest.needed_settings, stored),
        "error": row.error,
        "watch": row.watch,
        "revision": row.revision,
        "created_at": format_instant(row.created_at),
        "updated_at": format_instant(row.updated_at),
    }


def _icon(row: Installation, manifest: Manifest) -> str | None:
    if manifest.icon is None or not manifest.icon.startswith("static/"):
        return None
    digest = row.digest.rpartition(":")[2]
    return f"/ext-assets/{digest}/{manifest.icon.removeprefix('static/')}"
