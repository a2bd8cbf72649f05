"""Settings of an installation: put together with what is stored, told what is missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.manifest_model import Manifest, Setting
from geminicrm.runtime.settings_check import validate_settings
from geminicrm.runtime.strict_json import join


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored by setting id; secrets in clear."""

    plain: Mapping[str, Any]
    secrets: Mapping[str, str]


def merge(manifest: Manifest, stored: Stored, given: Mapping[str, Any]) -> Stored:
    """Change the given settings and leave the others.

    None takes a value away; an empty secret keeps the old one. Raises ValidationFailed with a
    finding per setting, also for a required one that would have no value.
    """
    known = {one.id: one for one in manifest.settings}
    given = {
        name: value
        for name, value in given.items()
        if not (name in known and known[name].secret and value == "")
    }
    checked = validate_settings(manifest.settings, given)
    merged = Stored(
        _without_none({**stored.plain, **checked.plain}),
        _without_none({**stored.secrets, **checked.secrets}),
    )
    lacking = [known[name] for name in missing(manifest, merged) if name in given]
    if lacking:
        raise ValidationFailed([_needed(setting) for setting in lacking])
    return merged


def missing(manifest: Manifest, stored: Stored) -> list[str]:
    """Name the required settings that have neither a value nor a default."""
    filled = {name for name, value in stored.plain.items() if value != ""} | stored.secrets.keys()
    return [
        one.id
        for one in manifest.settings
        if one.required and one.default is None and one.id not in filled
    ]


def still_valid(manifest: Manifest, stored: Stored) -> Stored:
    """Keep of older settings what this version still takes."""
    return Stored(
        {name: value for name, value in stored.plain.items() if _fits(manifest, name, value)},
        {name: value for name, value in stored.secrets.items() if _fits(manifest, name, value)},
    )


def shown(manifest: Manifest, plain: Mapping[str, Any]) -> dict[str, Any]:
    """Give every setting as the API shows it: value or default; a secret is always null."""
    return {
        one.id: None if one.secret else plain.get(one.id, one.default) for one in manifest.settings
    }


def under(pointer: str, error: ValidationFailed) -> ValidationFailed:
    """Give the same findings one level deeper, for a body that holds the settings as a member."""
    return ValidationFailed(
        Finding(f"{pointer}{found.pointer}", found.code, found.message) for found in error.findings
    )


def changed_names(before: Stored, after: Stored) -> Collection[str]:
    """Name the settings that differ; the audit log keeps names and no values."""
    old, new = {**before.plain, **before.secrets}, {**after.plain, **after.secrets}
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _fits(manifest: Manifest, name: str, value: object) -> bool:
    try:
        validate_settings(manifest.settings, {name: value})
    except ValidationFailed:
        return False
    return True


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _needed(setting: Setting) -> Finding:
    return Finding(
        join("", setting.id), "missing_setting", f"{setting.label} is needed: fill it in."
    )
