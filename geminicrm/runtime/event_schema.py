"""Schemas that extensions declare: the part of JSON Schema 2020-12 that is quick to apply.

Strangers write them and the core applies them. So nothing in them may cost more than its length
lets expect: no patterns, no references elsewhere or in a circle, nothing that compares all with
all. Every schema that is accepted here is a valid one of 2020-12.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeGuard

from jsonschema import Draft202012Validator

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.manifest_schema import nearest
from geminicrm.runtime.strict_json import join, shorten

MAX_PARTS: Final = 1_000
"""Values in a schema, with what its references name counted each time."""
MAX_LEVELS: Final = 30
MAX_STEPS: Final = 100_000
"""Parts of a schema times values in the data that it is applied to."""
_MOST_FINDINGS: Final = 20
_LONGEST: Final = 300
_DEFINITIONS: Final = "$defs"
_REFERENCE: Final = re.compile(r"#/\$defs/([A-Za-z0-9_.-]{1,100})")
_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")

_Schema: TypeAlias = Mapping[str, Any]
_Check: TypeAlias = Callable[[object, str], Iterable[Finding]]


def schema_findings(
    schema: _Schema, pointer: str, of_object: str = "The data of an event is"
) -> list[Finding]:
    """Say what is wrong with a schema, at `pointer`, of events' data or operations.

    `of_object` names, in its message, what has to be an object; "" for what may be anything.
    """
    found = list(islice(_of_schema(schema, pointer), _MOST_FINDINGS))
    if of_object and schema.get("type") != "object":
        message = f'{of_object} an object: write "type": "object".'
        found.append(Finding(join(pointer, "type"), "not_an_object", message))
    if not found:
        found += _references(schema, schema.get(_DEFINITIONS, {}), pointer)
    return found or list(_measure(schema, pointer))


def data_findings(schema: _Schema, data: object, pointer: str) -> list[Finding]:
    """Say what of the data, at `pointer`, does not fit a schema that was checked before."""
    values, parts = _values_in(data), parts_of(schema)
    if values * parts > MAX_STEPS:
        message = f"{values} values are too many for a schema of {parts} parts: give less."
        return [Finding(pointer, "too_large", message)]
    errors = Draft202012Validator(schema).iter_errors(data)
    return [_misfit(one, pointer) for one in islice(errors, _MOST_FINDINGS)]


def parts_of(schema: _Schema) -> int:
    """Count the values in a schema, with what its references name each time."""
    return _parts(schema, schema.get(_DEFINITIONS, {}), 0)


class _TooMuch(Exception):
    """A schema is too large, too deep, or goes round in a circle."""


def _parts(value: object, definitions: _Schema, level: int) -> int:
    if level > MAX_LEVELS:
        raise _TooMuch(f"goes more than {MAX_LEVELS} levels deep, or round in a circle")
    total = 1
    for name, inner in _members(value):
        named = name == "$ref" and isinstance(inner, str)
        part = definitions.get(str(inner).rpartition("/")[2]) if named else inner
        total += _parts(part, definitions, level + 1)
        if total > MAX_PARTS:
            raise _TooMuch(f"has more than {MAX_PARTS} parts, references followed")
    return total


def _members(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _measure(schema: _Schema, pointer: str) -> Iterator[Finding]:
    try:
        parts_of(schema)
    except _TooMuch as error:
        yield Finding(pointer, "too_large", f"The schema {error}: make it simpler.")


def _values_in(value: object) -> int:
    return 1 + sum(_values_in(inner) for _, inner in _members(value))


def _misfit(error: Any, pointer: str) -> Finding:
    for step in error.absolute_path:
        pointer = join(pointer, str(step))
    said: str = error.message
    cut = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."
    return Finding(pointer, "does_not_fit", f"{cut}, says the schema in manifest.json.")


def _references(value: object, definitions: _Schema, pointer: str) -> Iterator[Finding]:
    """Go through the schemas in a schema that is right otherwise."""
    for keyword, inner in _members(value):
        where = join(pointer, str(keyword))
        if keyword == "$ref" and str(inner).rpartition("/")[2] not in definitions:
            message = f"{shorten(inner)} is not there: add it to $defs."
            yield Finding(where, "unknown_reference", message)
        elif keyword in _NAMING:
            for name, one in _members(inner):
                yield from _references(one, definitions, join(where, str(name)))
        elif keyword in _HOLDING:
            yield from _references(inner, definitions, where)
        elif keyword in _LISTING:
            for at, one in _members(inner):
                yield from _references(one, definitions, f"{where}/{at}")


def _of_schema(value: object, pointer: str, *, root: bool = True) -> Iterator[Finding]:
    if isinstance(value, bool):
        return
    if not isinstance(value, dict):
        yield _wrong(value, pointer, "a schema: an object, or true or false")
        return
    for keyword, inner in value.items():
        check = _CHECKS.get(keyword)
        where = join(pointer, keyword)
        if check is None or (keyword == _DEFINITIONS and not root):
            yield _unknown(keyword, where)
        else:
            yield from check(inner, where)


def _unknown(keyword: str, where: str) -> Finding:
    hint = nearest(keyword, _CHECKS) or f" Those are: {', '.join(sorted(_CHECKS))}."
    message = f"{shorten(keyword)} is not among the keywords that schemas here may use.{hint}"
    return Finding(where, "unknown_keyword", message)


def _wrong(value: object, pointer: str, wanted: str) -> Finding:
    return Finding(pointer, "wrong_schema", f"{shorten(value)} must be {wanted}.")


def _inner(value: object, pointer: str) -> Iterator[Finding]:
    return _of_schema(value, pointer, root=False)


def _named(value: object, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong(value, pointer, "an object: schemas by name")
        return
    for name, inner in value.items():
        yield from _inner(inner, join(pointer, name))


def _listed(value: object, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, list) or not value:
        yield _wrong(value, pointer, "a list of schemas, one at least")
        return
    for at, inner in enumerate(value):
        yield from _inner(inner, f"{pointer}/{at}")


def _reference(value: object, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        message = f"{shorten(value)} must be a name in the schema's own $defs, as #/$defs/money."
        yield Finding(pointer, "reference_outside", message)


def _a_type(value: object, pointer: str) -> Iterator[Finding]:
    names = value if isinstance(value, list) else [value]
    right = _are_texts(names) and bool(names) and set(names) <= set(_TYPES)
    if not right or len(set(names)) < len(names):
        yield _wrong(value, pointer, f"one of {', '.join(_TYPES)}, or a list of some")


def _are_texts(values: list[Any]) -> TypeGuard[list[str]]:
    return all(isinstance(one, str) for one in values)


def _texts(value: object, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, list) or not _are_texts(value) or len(set(value)) < len(value):
        yield _wrong(value, pointer, "a list of names, each once")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rule(wanted: str, fits: Callable[[object], bool]) -> _Check:
    def check(value: object, pointer: str) -> Iterator[Finding]:
        if not fits(value):
            yield _wrong(value, pointer, wanted)

    return check


_TEXT = _rule("text", lambda value: isinstance(value, str))
_LIST = _rule("a list", lambda value: isinstance(value, list))
_FLAG = _rule("true or false", lambda value: isinstance(value, bool))
_NUMBER = _rule("a number", _is_number)
_COUNT = _rule(
    "a whole number from 0 on",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
)
_ANY = _rule("JSON", lambda _value: True)

_NAMING: Final = (_DEFINITIONS, "properties")
_HOLDING: Final = ("additionalProperties", "items", "not")
_LISTING: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_CHECKS: Final[Mapping[str, _Check]] = MappingProxyType(
    {
        "$ref": _reference,
        "type": _a_type,
        "required": _texts,
        **dict.fromkeys(_NAMING, _named),
        **dict.fromkeys(_HOLDING, _inner),
        **dict.fromkeys(_LISTING, _listed),
        **dict.fromkeys(("$comment", "description", "format", "title"), _TEXT),
        **dict.fromkeys(("enum", "examples"), _LIST),
        **dict.fromkeys(("const", "default"), _ANY),
        "deprecated": _FLAG,
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
        **dict.fromkeys(
            ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
            _COUNT,
        ),
    }
)
KEYWORDS: Final = frozenset(_CHECKS)
"""What schemas may use."""
