"""Settings of an installation against those that the manifest declares."""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.manifest_model import Setting
from geminicrm.runtime.manifest_schema import nearest
from geminicrm.runtime.strict_json import join, shorten

MAX_VALUE_CHARACTERS: Final = 20_000
# Not the whole of RFC 5322: what people mean by an address, without spaces and line ends.
_EMAIL: Final = re.compile(r"[^\s@<>,;\x00-\x1f]+@[^\s@<>,;\x00-\x1f]+")
_URL: Final = re.compile(r"https?://[^\s/?#\x00-\x1f]+([/?#][^\s\x00-\x1f]*)?")
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class SettingValues:
    """Checked values by setting id; secrets apart, since they are stored encrypted.

    None stands for "take the value away".
    """

    plain: Mapping[str, Any]
    secrets: Mapping[str, str | None]


def validate_settings(
    settings: Collection[Setting], values: Mapping[str, Any], *, check_required: bool = False
) -> SettingValues:
    """Check the given values; settings that are not given are left alone.

    With `check_required` a required setting without value and default is a finding too: give all
    values then. Raises `ValidationFailed` with one finding per wrong, missing or unknown setting;
    a finding never repeats a secret.
    """
    known = {setting.id: setting for setting in settings}
    found = [_unknown(name, known) for name in values if name not in known]
    for name, value in values.items():
        if name in known and value is not None:
            found += _check(known[name], value, join("", name))
    if check_required:
        found += [_missing(one) for one in settings if _lacks(one, values)]
    if found:
        raise ValidationFailed(found)
    return SettingValues(
        MappingProxyType({name: v for name, v in values.items() if not known[name].secret}),
        MappingProxyType({name: v for name, v in values.items() if known[name].secret}),
    )


def setting_defaults(settings: Iterable[Setting]) -> dict[str, Any]:
    """Give the values of settings that have a default."""
    return {one.id: one.default for one in settings if one.default is not None}


def default_findings(settings: Iterable[Setting]) -> list[Finding]:
    """Check the declarations themselves: defaults that fit, and options where they are needed."""
    found = []
    for at, setting in enumerate(settings):
        pointer = f"/settings/{at}"
        if setting.type == "select" and not setting.options:
            message = f"The select {shorten(setting.id)} needs options: list its choices."
            found.append(Finding(f"{pointer}/options", "missing_property", message))
        if setting.default is None:
            continue
        if setting.secret:
            message = "A password has no default: everybody could read it. Remove it."
            found.append(Finding(f"{pointer}/default", "secret_default", message))
        else:
            found += _check(setting, setting.default, f"{pointer}/default")
    return found


def _unknown(name: str, known: Collection[str]) -> Finding:
    hint = nearest(name, known) or f" Known are: {', '.join(known) or 'none'}."
    return Finding(join("", name), "unknown_setting", f"There is no setting {shorten(name)}.{hint}")


def _lacks(setting: Setting, values: Mapping[str, Any]) -> bool:
    given = values.get(setting.id)
    return setting.required and setting.default is None and (given is None or given == "")


def _missing(setting: Setting) -> Finding:
    message = f"{setting.label} is needed: fill it in."
    return Finding(join("", setting.id), "missing_setting", message)


def _check(setting: Setting, value: object, pointer: str) -> list[Finding]:
    if setting.type == "select":
        choices = [option.value for option in setting.options]
        fits, wanted = value in choices, f"one of: {', '.join(choices)}"
    else:
        fits, wanted = _FITS[setting.type](value), _WANTED[setting.type]
    if fits:
        return []
    shown = "The value" if setting.secret else shorten(value)
    return [Finding(pointer, "wrong_value", f"{shown} is not {wanted}.")]


def _is_text(value: object) -> bool:
    fits = isinstance(value, str) and len(value) <= MAX_VALUE_CHARACTERS
    return fits and not _UNFIT.search(str(value))


def _is_line(value: object) -> bool:
    return _is_text(value) and len(str(value).splitlines()) <= 1


def _is_number(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, float) and math.isfinite(value))


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: value == "" or (_is_line(value) and bool(pattern.fullmatch(str(value))))


_FITS: Final[Mapping[str, Callable[[object], bool]]] = {
    "text": _is_line,
    "password": _is_text,
    "textarea": _is_text,
    "number": _is_number,
    "integer": _is_integer,
    "boolean": _is_boolean,
    "email": _matches(_EMAIL),
    "url": _matches(_URL),
}
_WANTED: Final = {
    "text": f"one line of at most {MAX_VALUE_CHARACTERS} characters",
    "password": f"text of at most {MAX_VALUE_CHARACTERS} characters",
    "textarea": f"text of at most {MAX_VALUE_CHARACTERS} characters",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "email": "an e-mail address such as 'ada@example.com'",
    "url": "an address such as 'https://api.example.com'",
}
