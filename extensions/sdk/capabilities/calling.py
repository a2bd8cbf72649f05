"""Calls of a capability as plain data: data classes out, JSON on the way, data classes again."""

import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

import msgspec

from extensions.sdk.capabilities.catalogue import CAPABILITIES
from extensions.sdk.errors import Finding, Invalid


class UnknownOperation(LookupError):
    """There is no such capability, or it has no such operation."""


def sent(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give arguments as JSON can hold them: bytes in base64, dates and decimals as text."""
    plain: dict[str, Any] = msgspec.to_builtins(dict(arguments), str_keys=True)
    return plain


def perform(provider: object, capability: str, operation: str, arguments: Mapping[str, Any]) -> Any:
    """Call an operation with arguments as `sent` gives them; give its result in the same form.

    Raises UnknownOperation, `Invalid` for arguments that the contract does not have, and whatever
    the provider raises.
    """
    hints = _hints(capability, operation)
    unknown = arguments.keys() - (hints.keys() - {"return"})
    if unknown:
        known = ", ".join(sorted(hints.keys() - {"return"})) or "none"
        message = f"{operation} has no argument {min(unknown)!r}; it takes: {known}."
        raise Invalid([Finding(f"/{min(unknown)}", "unknown_argument", message)])
    given = {name: _read(name, value, hints[name]) for name, value in arguments.items()}
    result = getattr(provider, operation)(**given)
    return msgspec.to_builtins(result, str_keys=True)


def result_of(capability: str, operation: str, plain: Any) -> Any:
    """Give what an operation gave, in the classes of its contract.

    Raises UnknownOperation, and TypeError where a provider gave something else.
    """
    kind = _hints(capability, operation)["return"]
    try:
        return msgspec.convert(plain, kind, strict=False)
    except msgspec.ValidationError as error:
        raise TypeError(f"{capability}.{operation} gave another kind of answer: {error}") from error


def operations_of(capability: str) -> tuple[str, ...]:
    """Name the operations of a capability. Raises UnknownOperation."""
    contract = CAPABILITIES.get(capability)
    if contract is None:
        raise UnknownOperation(f"there is no capability {capability!r}")
    return tuple(
        name
        for name, member in inspect.getmembers(contract, inspect.isfunction)
        if not name.startswith("_")
    )


def _hints(capability: str, operation: str) -> dict[str, Any]:
    if operation not in operations_of(capability):
        raise UnknownOperation(f"{capability} has no operation {operation!r}")
    return get_type_hints(getattr(CAPABILITIES[capability], operation))


def _read(name: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid([Finding(f"/{name}", "wrong_value", str(error))]) from error
