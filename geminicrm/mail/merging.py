"""Merge fields: `{{first_name}}` in a template becomes what the record has there."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from geminicrm.kernel.errors import Finding, ValidationFailed

_FIELD: Final = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*(?:\|([^{}]*))?\}\}")
_HIDDEN: Final = frozenset({"id", "version", "created_at", "updated_at", "tags", "custom"})


def merged(template: str, record: Mapping[str, Any], pointer: str) -> str:
    """Fill a template; `{{first_name|there}}` gives `there` where the record has no first name.

    Raises ValidationFailed with every field that the record does not have: a mail must not go out
    with a hole in it, nor with another word than somebody meant.
    """
    known = merge_fields(record)
    wrong = sorted({found[1] for found in _FIELD.finditer(template)} - known.keys())
    if wrong:
        message = f"There is no {', '.join(wrong)} here; there are: {', '.join(sorted(known))}."
        raise ValidationFailed([Finding(pointer, "unknown_merge_field", message)])
    return _FIELD.sub(lambda found: known[found[1]] or (found[2] or "").strip(), template)


def offered(names: Iterable[str]) -> list[str]:
    """Give those fields of a kind of record that a template can name."""
    return sorted(name for name in names if not _hidden(name))


def check_template(template: str, known: Mapping[str, Iterable[str]], pointer: str) -> set[str]:
    """Give the fields that a template names. Raises ValidationFailed.

    What stands between braces and is no field would go out as it is; a field that no kind of
    record has could never be filled.
    """
    left = _FIELD.sub("", template)
    if "{{" in left or "}}" in left:
        message = "Write fields as {{first_name}} or {{first_name|there}}, in small letters."
        raise ValidationFailed([Finding(pointer, "bad_merge_field", message)])
    names = {found[1] for found in _FIELD.finditer(template)}
    wrong = sorted(names - {name for each in known.values() for name in each})
    if wrong:
        message = f"No kind of record has {', '.join(wrong)}; the list shows what there is."
        raise ValidationFailed([Finding(pointer, "unknown_merge_field", message)])
    return names


def _hidden(name: str) -> bool:
    return name in _HIDDEN or name.endswith("_id")


def merge_fields(record: Mapping[str, Any]) -> dict[str, str]:
    """Give what a record offers, as text; what is empty is "" and can have a stand-in."""
    return {
        name: "" if value is None else str(value)
        for name, value in record.items()
        if not _hidden(name) and not isinstance(value, dict | list | tuple)
    }
