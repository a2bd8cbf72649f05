"""Input of records: closed schemas, and every wrong field in one answer."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from geminicrm.crm.shared.fields import Amount, Currency, Custom, Email, Tags, Text40, Text120
from geminicrm.crm.shared.naming import split_name
from geminicrm.kernel.errors import Finding, ValidationFailed

Needs = Callable[[Mapping[str, Any]], list[Finding]]
_MESSAGES = {
    "string_type": ("not_text", 'Write text in quotes, such as "Ada".'),
    "list_type": ("not_a_list", "Write a list in square brackets."),
    "dict_type": ("not_an_object", "Write an object in curly brackets."),
    "model_type": ("not_an_object", "Write an object in curly brackets."),
    "int_type": ("not_a_number", "Write a whole number without quotes."),
    "bool_type": ("not_a_boolean", "Write true or false without quotes."),
    "missing": ("required", "This field is needed."),
}
_TEMPLATES = {
    "string_too_long": ("too_long", "At most {max_length} characters."),
    "string_too_short": ("too_short", "At least {min_length} characters."),
    "too_long": ("too_many", "At most {max_length} entries."),
    "too_short": ("too_few", "At least {min_length} entries."),
    "literal_error": ("unknown_value", "Use one of {expected}."),
    "greater_than_equal": ("too_small", "At least {ge}."),
    "less_than_equal": ("too_large", "At most {le}."),
}


class Input(BaseModel):
    """A closed object of a request; text loses the space around it."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class RecordInput(Input):
    """What may be sent of any record; a field that is not sent keeps its value."""

    owner_id: Text40 = None
    tags: Tags = []
    custom: Custom = {}


class PersonInput(RecordInput):
    """What may be sent of a person; `name` fills the names that are not sent themselves."""

    name: Text120 = None
    first_name: Text120 = None
    last_name: Text120 = None
    email: Email = None
    phone: Text40 = None
    title: Text120 = None


class MoneyInput(Input):
    """An amount and its currency."""

    amount: Amount = None
    currency: Currency = None


def needs_any(*fields: str) -> Needs:
    """Give the rule that at least one of `fields` has to be there."""
    names = ", ".join(fields)

    def check(values: Mapping[str, Any]) -> list[Finding]:
        if any(values.get(field) for field in (*fields, "name")):
            return []
        return [Finding(f"/{fields[0]}", "required", f"Give at least one of {names}.")]

    return check


def needs_each(*fields: str) -> Needs:
    """Give the rule that each of `fields` has to be there."""

    def check(values: Mapping[str, Any]) -> list[Finding]:
        return [
            Finding(f"/{field}", "required", "This field is needed.")
            for field in fields
            if values.get(field) in (None, "")
        ]

    return check


def parse(
    schema: type[Input], data: Mapping[str, Any], needs: Needs | None = None
) -> dict[str, Any]:
    """Give the fields that were sent, in their Python types.

    `needs` is asked on creation. ValidationFailed lists every wrong field.
    """
    findings = needs(data) if needs else []
    try:
        values = schema.model_validate(data).model_dump(exclude_unset=True)
    except ValidationError as error:
        found = [_finding(each, schema) for each in error.errors(include_url=False)]
        known = {finding.pointer for finding in found}
        found.extend(finding for finding in findings if finding.pointer not in known)
        raise ValidationFailed(found) from None
    if findings:
        raise ValidationFailed(findings)
    return _split(values) if issubclass(schema, PersonInput) else values


@contextlib.contextmanager
def inside(pointer: str) -> Iterator[None]:
    """Let the findings of what is done inside point below `pointer`."""
    try:
        yield
    except ValidationFailed as error:
        raise ValidationFailed(below(pointer, error.findings)) from error


def below(pointer: str, findings: Iterable[Finding]) -> list[Finding]:
    """Give the findings with `pointer` in front of theirs."""
    return [Finding(f"{pointer}{each.pointer}", each.code, each.message) for each in findings]


def _split(values: dict[str, Any]) -> dict[str, Any]:
    name = values.pop("name", None)
    if name:
        first, last = split_name(name)
        return {"first_name": first, "last_name": last} | values
    return values


def _finding(error: ErrorDetails, schema: type[Input]) -> Finding:
    pointer = "".join(f"/{_escape(part)}" for part in error["loc"])
    kind = error["type"]
    if kind == "extra_forbidden":
        known = ", ".join(schema.model_fields) if len(error["loc"]) == 1 else "others"
        return Finding(pointer, "unknown_field", f"There is no such field; known are {known}.")
    if kind in _MESSAGES:
        return Finding(pointer, *_MESSAGES[kind])
    if kind in _TEMPLATES:
        code, template = _TEMPLATES[kind]
        return Finding(pointer, code, template.format_map(error["ctx"]))
    return Finding(pointer, kind, error["msg"])


def _escape(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
