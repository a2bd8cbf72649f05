"""Paging by cursor: opaque to callers, checked when it comes back."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import orjson

from geminicrm.kernel.errors import Finding, ValidationFailed

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
_MAX_CURSOR = 2048
_LARGEST = 2**63 - 1  # what a 64-bit column compares with

CursorValue = str | int | None


@dataclass(frozen=True)
class Page:
    """What part of a list is asked for: how many rows, after which place."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise _bad_limit()

    @classmethod
    def parse(cls, limit: str | None, cursor: str | None) -> Self:
        """Read the two query parameters; ValidationFailed at /limit."""
        if limit is None:
            return cls(cursor=cursor or None)
        # Three digits are enough, and `isdigit` alone would take other scripts' digits.
        if not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(MAX_LIMIT))):
            raise _bad_limit()
        return cls(int(limit), cursor or None)


def encode_cursor(values: tuple[CursorValue, ...], sort: str) -> str:
    """Write the sort values of a page's last row; `sort` names the order they belong to."""
    return base64.urlsafe_b64encode(orjson.dumps([sort, *values])).decode("ascii").rstrip("=")


def decode_cursor(
    text: str, sort: str, kinds: Sequence[type] | None = None
) -> tuple[CursorValue, ...]:
    """Read a cursor back; ValidationFailed at /cursor where it is none or is of another order.

    `kinds` gives the type of each value (None is always taken): with it a cursor made by hand
    can't bring a text where the database compares numbers.
    """
    values = _read(text)
    if not values or values[0] != sort:
        raise _bad_cursor()
    values = values[1:]
    if kinds is not None and not _fit(values, kinds):
        raise _bad_cursor()
    return tuple(_checked(value) for value in values)


def _read(text: str) -> list[object]:
    if len(text) > _MAX_CURSOR:
        raise _bad_cursor()
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parsed = orjson.loads(raw)
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if not isinstance(parsed, list):
        raise _bad_cursor()
    return parsed


def _fit(values: list[object], kinds: Sequence[type]) -> bool:
    return len(values) == len(kinds) and all(
        value is None or type(value) is kind for value, kind in zip(values, kinds, strict=True)
    )


def _checked(value: object) -> CursorValue:
    match value:
        case None:
            return None
        # PostgreSQL has no NUL in text.
        case str() if "\x00" not in value:
            return value
        case int() if not isinstance(value, bool) and abs(value) <= _LARGEST:
            return value
        case _:
            raise _bad_cursor()


def _bad_cursor() -> ValidationFailed:
    text = "This is no cursor of this list; start again without one."
    return ValidationFailed([Finding("/cursor", "bad_cursor", text)])


def _bad_limit() -> ValidationFailed:
    text = f"Write a whole number from 1 to {MAX_LIMIT}."
    return ValidationFailed([Finding("/limit", "bad_limit", text)])
