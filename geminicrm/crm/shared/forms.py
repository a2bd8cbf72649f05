"""Forms of records: their fields, what a browser sent, and where it was wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from geminicrm.crm.shared.desk import Option
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.money import currencies

_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_LOCAL = "%Y-%m-%dT%H:%M"
Attributes = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field; `kind` is an input type, or select, textarea, tags, record.

    `more` is the address that finds further choices of a `record` field.
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    options: Sequence[Option] = ()
    help: str | None = None
    wide: bool = False
    more: str | None = None
    attrs: Attributes = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Give the id of the element."""
        return f"field-{self.name}"


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a form: by field, and all of it for the summary."""

    fields: Mapping[str, str] = field(default_factory=dict)
    summary: Sequence[Mapping[str, str]] = ()


def read(fields: Sequence[FormField], sent: Mapping[str, str], zone: str) -> Rest:
    """Turn what a browser sent into a record's REST shape; wrong values stay as they are."""
    return {each.name: _value(each, sent[each.name], zone) for each in fields if each.name in sent}


def shown(fields: Sequence[FormField], record: Rest, zone: str) -> dict[str, str]:
    """Give the texts of a form's fields for a record."""
    return {each.name: _text(each, record.get(each.name), zone) for each in fields}


def wrong(error: ValidationFailed, fields: Sequence[FormField], sent: Mapping[str, str]) -> Wrong:
    """Sort the findings of a refused change by field; the summary links to each."""
    by_name = {each.name: each for each in fields}
    found: dict[str, str] = {}
    summary = []
    for finding in error.findings:
        name = finding.pointer.removeprefix("/").partition("/")[0]
        empty = finding.code in ("too_short", "string_type") and not sent.get(name, "").strip()
        message = "This field is needed." if empty else finding.message
        if name in by_name:
            found.setdefault(name, message)
            text = f"{by_name[name].label}: {message}"
            summary.append({"id": by_name[name].id, "message": text})
        else:
            who = error.extra.get("extension")
            summary.append({"id": "", "message": f"{who}: {message}" if who else message})
    return Wrong(found, summary)


def to_instant(text: str, zone: str) -> str:
    """Turn the local time of a browser's field into an instant; anything else stays as it is."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return text
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(zone))
    return format_instant(local)


def money_fields() -> list[FormField]:
    """Give the pair of amount and currency."""
    codes = [{"value": "", "label": "Workspace currency"}]
    codes.extend({"value": code, "label": code} for code in currencies())
    return [
        FormField(name="amount", label="Amount", attrs={"inputmode": "decimal"}),
        FormField(name="currency", label="Currency", kind="select", options=codes),
    ]


def owned_fields(owners: Sequence[Option]) -> list[FormField]:
    """Give the fields that every record has."""
    return [
        FormField(name="owner_id", label="Owner", kind="select", options=owners),
        FormField(name="tags", label="Tags", kind="tags", help="Separate tags with commas."),
    ]


def person_fields() -> list[FormField]:
    """Give the fields of a person."""
    return [
        FormField(name="first_name", label="First name", attrs={"autocomplete": "off"}),
        FormField(name="last_name", label="Last name", attrs={"autocomplete": "off"}),
        FormField(name="email", label="Email", kind="email", attrs={"autocomplete": "off"}),
        FormField(name="phone", label="Phone", kind="tel", attrs={"autocomplete": "off"}),
        FormField(name="title", label="Job title"),
    ]


def _value(each: FormField, text: str, zone: str) -> object:
    reader = _READERS.get(each.kind)
    if reader is not None:
        return reader(text, zone)
    cleaned = text.replace("\r\n", "\n").strip()
    if each.name == "amount" and _GROUPED.fullmatch(cleaned):
        cleaned = cleaned.replace(",", "")
    return cleaned if cleaned or each.required else None


def _read_tags(text: str, _zone: str) -> object:
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _read_instant(text: str, zone: str) -> object:
    return to_instant(text, zone) if text.strip() else None


_READERS: dict[str, Callable[[str, str], object]] = {
    "tags": _read_tags,
    "datetime-local": _read_instant,
}


def _text(each: FormField, value: object, zone: str) -> str:
    if value is None:
        return ""
    if each.kind == "tags" and isinstance(value, list):
        return ", ".join(value)
    if each.kind == "datetime-local":
        return parse_instant(str(value)).astimezone(ZoneInfo(zone)).strftime(_LOCAL)
    return str(value)
