"""Small readers that check JSON-like data and collect every finding."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from extensions.sdk.errors import Finding

Reader: TypeAlias = Callable[[object, str, list[Finding]], object]
"""Takes a value and its JSON pointer, adds findings, and gives the value normalised."""

REQUIRED: Final = object()
"""Stands for "has no default"."""


_PLAIN: Final = (bool, int, float, type(None))


@dataclass(frozen=True, slots=True)
class Prop:
    """One property of a shape; without a default it is required."""

    reader: Reader
    default: object = REQUIRED


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."  # noqa: PLR2004 - one line of a message


def _anything(_value: str) -> bool:
    return True


def text(limit: int, fits: Callable[[str], bool] = _anything, expected: str = "text") -> Reader:
    """Read a string of at most `limit` characters for which `fits` is true."""

    def read(value: object, pointer: str, found: list[Finding]) -> object:
        if not isinstance(value, str):
            message = f"{_short(value)} is not {expected}: a string is needed."
            found.append(Finding(pointer, "not_text", message))
        elif len(value) > limit:
            message = f"{len(value)} characters are too many; {limit} are allowed."
            found.append(Finding(pointer, "too_long", message))
        elif any("\ud800" <= char <= "\udfff" for char in value):
            # A lone surrogate can't be written as UTF-8: the whole page would fail.
            found.append(
                Finding(pointer, "not_unicode", f"{_short(value)} holds half a character.")
            )
        elif not fits(value):
            found.append(Finding(pointer, "not_fitting", f"{_short(value)} is not {expected}."))
        return value

    return read


def choice(*allowed: str | int) -> Reader:
    """Read one of the values of `allowed`."""

    def read(value: object, pointer: str, found: list[Finding]) -> object:
        if isinstance(value, bool) or value not in allowed:
            names = ", ".join(map(str, allowed))
            found.append(
                Finding(pointer, "not_a_choice", f"{_short(value)} is not one of: {names}.")
            )
        return value

    return read


def flag(value: object, pointer: str, found: list[Finding]) -> object:
    """Read True or False."""
    if not isinstance(value, bool):
        found.append(Finding(pointer, "not_a_flag", f"{_short(value)} is not true or false."))
    return value


def scalar(limit: int) -> Reader:
    """Read a string of at most `limit` characters, a finite number, True, False or None."""
    read_text = text(limit)

    def read(value: object, pointer: str, found: list[Finding]) -> object:
        if isinstance(value, float) and not math.isfinite(value):
            found.append(Finding(pointer, "not_finite", f"{value} can't be shown."))
        return value if isinstance(value, _PLAIN) else read_text(value, pointer, found)

    return read


def many(reader: Reader) -> Reader:
    """Read a list whose items each fit `reader`."""

    def read(value: object, pointer: str, found: list[Finding]) -> object:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            found.append(Finding(pointer, "not_a_list", f"{_short(value)} is not a list."))
            return []
        return [reader(item, f"{pointer}/{at}", found) for at, item in enumerate(value)]

    return read


def shape(props: Mapping[str, Prop]) -> Reader:
    """Read an object with exactly these properties; missing ones get their default."""

    def read(value: object, pointer: str, found: list[Finding]) -> object:
        if not isinstance(value, Mapping):
            found.append(Finding(pointer, "not_an_object", f"{_short(value)} is not an object."))
            return {}
        known = ", ".join(props)
        found.extend(
            Finding(
                pointer, "unknown_property", f"Unknown property {_short(name)}. Known: {known}."
            )
            for name in value
            if name not in props
        )
        return {
            name: _read_one(prop, name, value, (pointer, found)) for name, prop in props.items()
        }

    return read


def _read_one(
    prop: Prop, name: str, value: Mapping[str, object], place: tuple[str, list[Finding]]
) -> object:
    pointer, found = place
    given = value.get(name, prop.default)
    if given is REQUIRED:
        found.append(Finding(f"{pointer}/{name}", "missing", f"The property {name!r} is missing."))
        return None
    return prop.reader(given, f"{pointer}/{name}", found)
