"""Calls of a capability as plain data: data classes out, JSON on the way, data classes again."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_type_hints

import msgspec

from extensions.sdk.capabilities.catalogue import CAPABILITIES, is_own
from extensions.sdk.errors import Finding, Invalid


class UnknownOperation(LookupError):
    """There is no such capability, or it has no such operation."""


def sent(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give arguments as JSON can hold them: bytes in base64, dates and decimals as text."""
    plain: dict[str, Any] = msgspec.to_builtins(dict(arguments), str_keys=True)
    return plain


def perform(provider: object, capability: str, operation: str, arguments: Mapping[str, Any]) -> Any:
    """Call an operation with arguments as `sent` gives them; give its result in the same form.

    Those of an extension's own capability were checked by the core, and are plain data on both
    sides. Raises UnknownOperation, `Invalid` for arguments that the contract does not have, and
    whatever the provider raises.
    """
    given = dict(arguments) if is_own(capability) else read(capability, operation, arguments)
    result = _method(provider, operation)(**given)
    return msgspec.to_builtins(result, str_keys=True)


def read(capability: str, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give arguments, as `sent` gives them, in the classes of the contract.

    Raises UnknownOperation, and `Invalid` for what the operation does not take, or takes otherwise.
    """
    hints = _hints(capability, operation)
    unknown = arguments.keys() - (hints.keys() - {"return"})
    if unknown:
        known = ", ".join(sorted(hints.keys() - {"return"})) or "none"
        message = f"{operation} has no argument {min(unknown)!r}; it takes: {known}."
        raise Invalid([Finding(f"/{min(unknown)}", "unknown_argument", message)])
    lacking = _needed(capability, operation) - arguments.keys()
    if lacking:
        message = f"{operation} needs {min(lacking)!r}."
        raise Invalid([Finding(f"/{min(lacking)}", "missing_argument", message)])
    return {name: _read(name, value, hints[name]) for name, value in arguments.items()}


def by_name(
    capability: str, operation: str, given: Sequence[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the arguments of a call by their names. Raises TypeError as the call itself would."""
    if is_own(capability):
        if given:
            raise TypeError(f"{operation} takes its arguments by name")
        return dict(named)
    bound = _signature(capability, operation).bind(None, *given, **named).arguments
    return {name: value for name, value in bound.items() if name != "self"}


def result_of(capability: str, operation: str, plain: Any) -> Any:
    """Give what an operation gave, in the classes of its contract.

    Raises UnknownOperation, and TypeError where a provider gave something else.
    """
    if is_own(capability):
        return plain
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


def _method(provider: object, operation: str) -> Callable[..., Any]:
    if operation.startswith("_"):
        raise UnknownOperation(f"{operation!r} is no operation")
    method: Callable[..., Any] | None = getattr(provider, operation, None)
    if method is None:
        raise UnknownOperation(f"{type(provider).__name__} has no method {operation!r}")
    return method


def _signature(capability: str, operation: str) -> inspect.Signature:
    _hints(capability, operation)
    return inspect.signature(getattr(CAPABILITIES[capability], operation))


def _needed(capability: str, operation: str) -> set[str]:
    parameters = _signature(capability, operation).parameters.values()
    return {one.name for one in parameters if one.default is one.empty} - {"self"}


def _hints(capability: str, operation: str) -> dict[str, Any]:
    if operation not in operations_of(capability):
        raise UnknownOperation(f"{capability} has no operation {operation!r}")
    return get_type_hints(getattr(CAPABILITIES[capability], operation))


def _read(name: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid([Finding(f"/{name}", "wrong_value", str(error))]) from error
