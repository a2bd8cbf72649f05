"""Capabilities of extensions' own: who declared them, and what their operations take and give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from extensions.sdk.capabilities.calling import UnknownOperation
from extensions.sdk.capabilities.using import MAX_ARGUMENTS_BYTES
from extensions.sdk.errors import Finding, Invalid
from geminicrm.runtime.event_schema import data_findings
from geminicrm.runtime.manifest_model import OwnCapability, OwnOperation
from geminicrm.runtime.storage_values import Bounds, encode
from geminicrm.runtime.table import Table

MAX_DEPTH: Final = 24
_DATA: Final = Bounds(
    MAX_ARGUMENTS_BYTES,
    MAX_DEPTH,
    f"What an operation takes and gives has at most {MAX_ARGUMENTS_BYTES // 1024} KiB as JSON.",
)


@dataclass(frozen=True, slots=True)
class Declared:
    """An operation of a capability of an extension's own, which checks what goes in and out."""

    capability: str
    operation: OwnOperation

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give arguments as plain data. Raises Invalid with all that is wrong, by name."""
        plain, found = _plain(self.operation.arguments, dict(given), "")
        if found:
            raise Invalid(found)
        checked: dict[str, Any] = plain
        return checked

    def result(self, given: object) -> Any:
        """Give the result as plain data. Raises TypeError for one that the schema refuses."""
        plain, found = _plain(self.operation.result, given, "")
        if found:
            where = f"{self.capability}.{self.operation.name}"
            said = f"{found[0].pointer or '(all)'}: {found[0].message}"
            raise TypeError(f"{where} gave another kind of answer: {said}")
        return plain


def declared(table: Table, workspace_id: str, capability: str) -> OwnCapability | None:
    """Give a capability that an extension of the workspace declares, while it is switched on."""
    extension_id, _, name = capability.partition(".")
    installed = table.find(workspace_id, extension_id)
    types = installed.manifest.capability_types if installed is not None else ()
    return next((one for one in types if one.name == name), None)


def operation_of(table: Table, workspace_id: str, capability: str, operation: str) -> Declared:
    """Give one of its operations. Raises UnknownOperation."""
    found = declared(table, workspace_id, capability)
    if found is None:
        raise UnknownOperation(f"there is no capability {capability!r}")
    for one in found.operations:
        if one.name == operation:
            return Declared(capability, one)
    names = ", ".join(one.name for one in found.operations)
    raise UnknownOperation(f"{capability} has no operation {operation!r}; it has: {names}")


def _plain(schema: Mapping[str, Any], value: object, pointer: str) -> tuple[Any, list[Finding]]:
    text, wrong = encode(value, pointer, _DATA)
    if wrong is not None:
        return None, [Finding(wrong.pointer, wrong.code, wrong.message)]
    plain = orjson.loads(text)
    found = data_findings(schema, plain, pointer)
    return plain, [Finding(one.pointer, one.code, one.message) for one in found]
