"""The settings form: made from the manifest, read back from what a browser sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.manifest_model import Manifest, Option, Setting

_INPUTS = {"password": "secret", "boolean": "checkbox", "integer": "number"}
_STEPS = {"integer": "1", "number": "any"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One input of the form, in the words of the field macro."""

    name: str
    clear: str
    label: str
    type: str
    value: Any
    help: str
    error: str | None
    required: bool
    options: tuple[Option, ...]
    is_set: bool
    attrs: Mapping[str, str]


def form_fields(
    manifest: Manifest,
    installation: Mapping[str, Any],
    sent: Mapping[str, Any] | None = None,
    findings: tuple[Finding, ...] = (),
) -> list[FormField]:
    """Make the inputs; with `sent` they hold what the person typed, but never a secret."""
    errors = {found.pointer.removeprefix("/"): found.message for found in findings}
    values = {**installation["settings"], **(sent or {})}
    return [
        _field(
            one,
            values.get(one.id),
            errors.get(one.id),
            is_set=one.id in installation["secrets_set"],
        )
        for one in manifest.settings
    ]


def read_form(manifest: Manifest, form: Mapping[str, str]) -> dict[str, Any]:
    """Give the values by setting id; what can't be read stays text for the check to refuse."""
    return {one.id: _value(one, form) for one in manifest.settings}


def input_name(setting_id: str) -> str:
    """Give the name of a setting's input: apart from the names that the form itself uses."""
    return f"setting-{setting_id}"


def clear_name(setting_id: str) -> str:
    """Give the name of the box that takes a stored secret away."""
    return f"clear-{setting_id}"


def _field(setting: Setting, value: Any, error: str | None, *, is_set: bool) -> FormField:
    attrs = {"placeholder": setting.placeholder} if setting.placeholder else {}
    if setting.type in _STEPS:
        attrs["step"] = _STEPS[setting.type]
    return FormField(
        name=input_name(setting.id),
        clear=clear_name(setting.id),
        label=setting.label,
        type=_INPUTS.get(setting.type, setting.type),
        value=None if setting.secret else value,
        help=_help(setting),
        error=error,
        required=setting.required and setting.default is None,
        options=_options(setting),
        is_set=is_set,
        attrs={} if setting.secret else attrs,
    )


def _help(setting: Setting) -> str:
    if setting.default is None or setting.type == "boolean":
        return setting.description
    return f"{setting.description} Default: {setting.default}.".strip()


def _options(setting: Setting) -> tuple[Option, ...]:
    if setting.type != "select":
        return ()
    return setting.options if setting.required else (Option("", "Not set"), *setting.options)


def _value(setting: Setting, form: Mapping[str, str]) -> Any:
    text = form.get(input_name(setting.id), "")
    if setting.type == "boolean":
        return text == "true"
    if setting.secret:
        return None if clear_name(setting.id) in form and not text else text
    text = text.replace("\r\n", "\n") if setting.type == "textarea" else text.strip()
    if text == "":
        return None
    return _number(text) if setting.type in _STEPS else text


def _number(text: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
