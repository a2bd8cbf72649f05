"""The published JSON Schema of manifests, and its errors in words that say how to mend them."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any, Final, TypeAlias, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.strict_json import join, shorten

MAX_FINDINGS: Final = 100
_KINDS: Final = {
    "string": "a string",
    "array": "a list",
    "object": "an object",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

_Schema: TypeAlias = Mapping[str, Any]


def nearest(name: str, known: Iterable[str]) -> str:
    """Give ` Did you mean "x"?` for the most similar known name, else nothing."""
    close = get_close_matches(name[:100], sorted(known), 1)
    return f" Did you mean {shorten(close[0])}?" if close else ""


@cache
def manifest_schema() -> dict[str, Any]:
    """Give the published schema of `api_version` 1."""
    text = resources.files("geminicrm.runtime").joinpath("manifest.schema.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


def schema_findings(data: Mapping[str, Any]) -> list[Finding]:
    """Check a manifest against the schema; at most `MAX_FINDINGS` findings, by place."""
    errors = _validator().iter_errors(dict(data))
    found = list(islice((one for error in errors for one in _explain(error)), MAX_FINDINGS))
    return sorted(found, key=lambda one: one.pointer)


@cache
def _validator() -> Validator:
    checks = {"pattern": _pattern, "uniqueItems": _unique}
    made = extend(Draft202012Validator, checks)  # type: ignore[no-untyped-call] # the stub lacks it
    return cast("Validator", made(manifest_schema()))


def _pattern(
    _: Validator, pattern: str, value: object, schema: _Schema
) -> Iterator[ValidationError]:
    # `fullmatch`, because Python's `$` lets a final newline pass, unlike the `$` of JSON Schema.
    # Longer texts fail by their length; matching them could take time quadratic in it.
    fits = isinstance(value, str) and len(value) <= schema["maxLength"]
    if fits and not re.fullmatch(pattern, cast("str", value), re.ASCII):
        yield ValidationError("pattern")


def _unique(
    _: Validator, _on: object, value: object, _schema: _Schema
) -> Iterator[ValidationError]:
    # The library compares each with each where items can't be sorted: a list of objects would
    # take minutes. Our unique lists hold strings; anything else fails by its type.
    names = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if len(names) != len(set(names)):
        yield ValidationError("uniqueItems")


def _pointer(error: ValidationError) -> str:
    pointer = ""
    for step in error.absolute_path:
        pointer = join(pointer, str(step))
    return pointer


def _explain(error: ValidationError) -> Iterable[Finding]:
    explain = _EXPLAIN.get(str(error.validator), _other)
    return explain(error, _pointer(error), error.schema if isinstance(error.schema, dict) else {})


def _example(schema: _Schema) -> str:
    return f" Example: {shorten(schema['examples'][0], 200)}." if "examples" in schema else ""


def _unknown(error: ValidationError, pointer: str, schema: _Schema) -> Iterable[Finding]:
    known = schema["properties"]
    for name in islice(
        (name for name in cast("_Schema", error.instance) if name not in known), MAX_FINDINGS
    ):
        hint = nearest(name, known) or f" Known are: {', '.join(sorted(known))}."
        message = f"Unknown property {shorten(name)}.{hint}"
        yield Finding(join(pointer, name), "unknown_property", message)


def _missing(error: ValidationError, pointer: str, schema: _Schema) -> Iterable[Finding]:
    # The library reports each missing name on its own, without naming it but in prose.
    name = next(name for name in schema["required"] if error.message.startswith(repr(name)))
    inner = _resolve(schema["properties"][name])
    message = f"The property {shorten(name)} is missing: add it.{_example(inner)}"
    yield Finding(join(pointer, name), "missing_property", message)


def _resolve(schema: _Schema) -> _Schema:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return {**manifest_schema()["$defs"][name], **schema} if name else schema


def _type(error: ValidationError, pointer: str, schema: _Schema) -> Iterable[Finding]:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else cast("list[str]", wanted)
    kinds = " or ".join(_KINDS[name] for name in names)
    message = f"{shorten(error.instance)} must be {kinds}.{_example(schema)}"
    yield Finding(pointer, "wrong_type", message)


def _form(error: ValidationError, pointer: str, schema: _Schema) -> Iterable[Finding]:
    message = f"{shorten(error.instance)} does not fit. {schema['description']}{_example(schema)}"
    yield Finding(pointer, "wrong_form", message)


def _enum(error: ValidationError, pointer: str, _: _Schema) -> Iterable[Finding]:
    known = cast("list[str]", error.validator_value)
    hint = nearest(str(error.instance), known)
    message = f"{shorten(error.instance)} is not one of: {', '.join(known)}.{hint}"
    yield Finding(pointer, "not_a_choice", message)


def _size(error: ValidationError, pointer: str, _: _Schema) -> Iterable[Finding]:
    words = {
        "minLength": "must not be empty",
        "maxLength": f"is too long: {error.validator_value} characters are allowed",
        "maxItems": f"has too many entries: {error.validator_value} are allowed",
        "maxProperties": f"has too many entries: {error.validator_value} are allowed",
        "minimum": f"is too small: {error.validator_value} is the least",
        "maximum": f"is too large: {error.validator_value} is the most",
    }
    message = f"{shorten(error.instance)} {words[str(error.validator)]}."
    yield Finding(pointer, "wrong_size", message)


def _repeated(error: ValidationError, pointer: str, _: _Schema) -> Iterable[Finding]:
    message = f"{shorten(error.instance)} has an entry twice: remove one."
    yield Finding(pointer, "repeated", message)


def _other(error: ValidationError, pointer: str, schema: _Schema) -> Iterable[Finding]:
    about = schema.get("description", "")
    message = f"{shorten(error.instance)} does not fit. {about}{_example(schema)}"
    yield Finding(pointer, "wrong_form", message)


_EXPLAIN: Final[Mapping[str, Callable[[ValidationError, str, _Schema], Iterable[Finding]]]] = {
    "additionalProperties": _unknown,
    "required": _missing,
    "type": _type,
    "pattern": _form,
    "enum": _enum,
    "uniqueItems": _repeated,
    **dict.fromkeys(
        ("minLength", "maxLength", "maxItems", "maxProperties", "minimum", "maximum"), _size
    ),
}
