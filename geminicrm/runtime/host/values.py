"""Values of free form as JSON: records, arguments of hooks, documents.

What comes in is bounded before anything is built: `decode` grows by at most `GROWTH_PER_BYTE` for
each byte and `GROWTH_PER_MARK` for each mark of structure, which is 38 MiB at the limits.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

MOST_BYTES: Final = 4 * 1024 * 1024
MOST_MARKS: Final = 100_000
"""Marks of structure: `[`, `{`, `,` and `:`, those inside of texts too."""
MOST_DEPTH: Final = 64
GROWTH_PER_BYTE: Final = 7
GROWTH_PER_MARK: Final = 96


class ValueRefused(Exception):
    """A value that came over the wire is too large, too deep, or not what is expected."""


def encode(value: object) -> bytes:
    """Give a value of the core's own as JSON; quick, and generous with dates and the like.

    Raises TypeError.
    """
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except (RecursionError, UnicodeEncodeError) as error:
        raise TypeError(_not_json(error)) from None


def encode_given(value: object) -> bytes:
    """Give what an extension passed as JSON. Raises TypeError for all that JSON does not have."""
    return _dumped(value, _plain)


def encode_fields(value: object) -> bytes:
    """Give fields of a record: as `encode_given`, with dates, decimals and UUIDs as text."""
    return _dumped(value, _as_field)


def _dumped(value: object, default: Callable[[object], object]) -> bytes:
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default
        )
        return text.encode()
    except (ValueError, RecursionError) as error:  # a circle, NaN, half a character
        raise TypeError(_not_json(error)) from None


def decode(data: bytes, kind: Any = Any) -> Any:
    """Give the value of some JSON, of the type `kind`. Raises ValueRefused.

    At most `MOST_BYTES`, `MOST_MARKS` and `MOST_DEPTH`.
    """
    _check_size(data)
    try:
        value = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ValueRefused(f"the value can't be read: {str(error)[:300]}") from None
    if data.count(b"[") + data.count(b"{") > MOST_DEPTH:
        _check_depth(value)
    return value


def _check_size(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise ValueRefused(f"the value is {len(data)} bytes as JSON; {MOST_BYTES} are allowed")
    if len(data) > MOST_MARKS and sum(map(data.count, (b"[", b"{", b",", b":"))) > MOST_MARKS:
        raise ValueRefused(f"the value has more than {MOST_MARKS} members")


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [child for one in level for child in _children(one)]
        if not level:
            return
    raise ValueRefused(f"the value is nested more than {MOST_DEPTH} deep")


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, msgspec.Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    return ()


def _as_field(value: object) -> object:
    if isinstance(value, date):  # and a datetime, which is one
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(_not_json(f"{type(value).__name__} is none"))


def _not_json(reason: object) -> str:
    return (
        f"The value can't be written as JSON: {reason}. "
        "Use text, numbers, True, False, None, lists and dictionaries."
    )
