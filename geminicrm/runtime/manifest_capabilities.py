"""What the schema can't say of the capabilities that a manifest declares and provides."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from extensions.sdk.capabilities.catalogue import is_own
from geminicrm.kernel.errors import Finding
from geminicrm.runtime.event_schema import schema_findings
from geminicrm.runtime.manifest_events import large
from geminicrm.runtime.manifest_schema import nearest
from geminicrm.runtime.strict_json import shorten

MAX_NAME: Final = 60
"""Characters of a whole name: with `use:` before it, it is a permission of at most 64."""
_MOST_TYPES: Final = 5
_MOST_OPERATIONS: Final = 30
_MOST_PROVIDED: Final = 10
_Data: TypeAlias = Mapping[str, Any]
_Placed: TypeAlias = tuple[str, _Data]


def capability_findings(data: _Data) -> list[Finding]:
    """Check `capability_types`, and that `provides` names none of its own that is not there.

    As in `manifest_rules`, what has the wrong type is left to the schema.
    """
    extension_id = data.get("id")
    if not isinstance(extension_id, str):
        return []
    types = list(_objects(data.get("capability_types"), "/capability_types", _MOST_TYPES))
    return [
        *_twice(types, "capability_types"),
        *_long(extension_id, types),
        *_provided(extension_id, types, data.get("provides")),
        *(found for one in types for found in _operations(*one)),
    ]


def _objects(value: object, pointer: str, most: int) -> Iterator[_Placed]:
    for at, item in enumerate(value[:most] if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield f"{pointer}/{at}", item


def _twice(items: Iterable[_Placed], where: str) -> Iterator[Finding]:
    seen = set()
    for pointer, one in items:
        name = one.get("name")
        if isinstance(name, str) and name in seen:
            message = f"The name {shorten(name)} is used twice in {where}: rename one."
            yield Finding(f"{pointer}/name", "repeated", message)
        seen.add(str(name))


def _long(extension_id: str, types: Iterable[_Placed]) -> Iterator[Finding]:
    for pointer, one in types:
        whole = f"{extension_id}.{one.get('name')}"
        if len(whole) > MAX_NAME:
            message = (
                f"{shorten(whole, 120)} has {len(whole)} characters, and {MAX_NAME} are allowed: "
                "shorten the name."
            )
            yield Finding(f"{pointer}/name", "wrong_size", message)


def _provided(extension_id: str, types: Iterable[_Placed], provides: object) -> Iterator[Finding]:
    known = {f"{extension_id}.{one.get('name')}" for _, one in types}
    for at, name in enumerate(provides[:_MOST_PROVIDED] if isinstance(provides, list) else ()):
        mine = isinstance(name, str) and is_own(name) and name.startswith(f"{extension_id}.")
        if mine and name not in known:
            message = f"{shorten(name)} is not among capability_types.{nearest(name, known)}"
            yield Finding(f"/provides/{at}", "not_declared", message)


def _operations(pointer: str, one: _Data) -> Iterator[Finding]:
    place = f"{pointer}/operations"
    operations = list(_objects(one.get("operations"), place, _MOST_OPERATIONS))
    yield from _twice(operations, "operations")
    for where, operation in operations:
        yield from _shape(f"{where}/arguments", operation.get("arguments"), "Arguments are")
        yield from _shape(f"{where}/result", operation.get("result"), "")


def _shape(pointer: str, schema: object, of_object: str) -> list[Finding]:
    if not isinstance(schema, dict):
        return []
    return list(large(pointer, schema)) or schema_findings(schema, pointer, of_object)
