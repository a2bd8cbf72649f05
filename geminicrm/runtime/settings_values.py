"""Settings of an installation: put together with what is stored, told what is missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.manifest_model import Manifest, Setting
from geminicrm.runtime.settings_check import setting_defaults, validate_settings
from geminicrm.runtime.strict_json import join


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored by setting id; secrets in clear."""

    plain: Mapping[str, Any]
    secrets: Mapping[str, str]


def merge(settings: Collection[Setting], stored: Stored, given: Mapping[str, Any]) -> Stored:
    """Change the given settings and leave the others.

    None takes a value away; an empty secret keeps the old one. Raises ValidationFailed with a
    finding per setting, also for a required one that would have no value.
    """
    known = {one.id: one for one in settings}
    given = {
        name: value
        for name, value in given.items()
        if not (name in known and known[name].secret and value == "")
    }
    checked = validate_settings(settings, given)
    merged = Stored(
        _without_none({**stored.plain, **checked.plain}),
        _without_none({**stored.secrets, **checked.secrets}),
    )
    lacking = [known[name] for name in missing(settings, merged) if name in given]
    if lacking:
        raise ValidationFailed([_needed(setting) for setting in lacking])
    return merged


def missing(settings: Collection[Setting], stored: Stored) -> list[str]:
    """Name the required settings that have neither a value nor a default."""
    filled = {name for name, value in stored.plain.items() if value != ""} | stored.secrets.keys()
    return [
        one.id for one in settings if one.required and one.default is None and one.id not in filled
    ]


def still_valid(manifest: Manifest, stored: Stored, by_admin: Collection[str]) -> Stored:
    """Keep of older settings what this version still takes.

    `by_admin` are those that named hosts in the older version: only an admin could change them. A
    setting that names one for the first time may hold what the extension put there.
    """
    doubtful = host_settings(manifest) - set(by_admin)
    return Stored(
        {
            name: value
            for name, value in stored.plain.items()
            if name not in doubtful and _fits(manifest, name, value)
        },
        {name: value for name, value in stored.secrets.items() if _fits(manifest, name, value)},
    )


def host_settings(manifest: Manifest) -> frozenset[str]:
    """Name the settings that name hosts which the extension may call."""
    return frozenset(one.setting for one in manifest.network if one.setting is not None)


def own_values(
    manifest: Manifest, plain: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what of `given` an extension may store by itself; `plain` is what is stored now.

    A host counts only where an admin saved it: who could change such a setting would grant itself
    any host. One that is given as it stands is left out, so that all settings can be saved at
    once. Raises ValidationFailed with a finding per setting that would change.
    """
    hosts = host_settings(manifest)
    now = {**setting_defaults(manifest.settings), **plain}
    labels = {one.id: one.label for one in manifest.settings}
    found = [
        _admin_only(name, labels.get(name, name))
        for name, value in given.items()
        if name in hosts and (value or None) != (now.get(name) or None)
    ]
    if found:
        raise ValidationFailed(found)
    return {name: value for name, value in given.items() if name not in hosts}


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


def _admin_only(name: str, label: str) -> Finding:
    message = (
        f"{label} names a host that the extension may call, so only an admin can change it: on "
        "the extension's page under Settings."
    )
    return Finding(join("", name), "admin_only", message)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _needed(setting: Setting) -> Finding:
    return Finding(
        join("", setting.id), "missing_setting", f"{setting.label} is needed: fill it in."
    )
