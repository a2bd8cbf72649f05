"""The types of input fields: what is taken, and what a wrong value is told."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from geminicrm.kernel.clock import parse_instant
from geminicrm.kernel.money import is_currency

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_MAX_DEPTH = 8
_MAX_VALUES = 2000
_MAX_TEXT = 20_000
_LARGEST = 2**53 - 1  # JSON readers agree on integers up to here (RFC 8259, section 6)


def _clean(value: object) -> object:
    if isinstance(value, str) and "\x00" in value:
        raise PydanticCustomError("bad_character", "Text can't hold the character NUL.")
    return value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else _clean(value)


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise PydanticCustomError(
            "invalid_email", "Write an e-mail address such as ada@example.com."
        )
    return value


def _currency(value: str) -> str:
    if not is_currency(value.upper()):
        raise PydanticCustomError("unknown_currency", "Write a current ISO 4217 code such as EUR.")
    return value.upper()


def _amount(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise PydanticCustomError("not_an_amount", 'Write the amount as text, such as "1250.50".')
    return value


def _day(value: object) -> object:
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value) if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError("not_a_date", "Write a date such as 2026-11-21.") from None


def _instant(value: object) -> object:
    if value is None:
        return None
    try:
        return parse_instant(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise PydanticCustomError(
            "not_an_instant", "Write an instant with its offset, such as 2026-11-21T08:30:00Z."
        ) from None


def _tags(value: list[str]) -> list[str]:
    return list(dict.fromkeys(tag for tag in value if tag))


def _json(value: dict[str, Any]) -> dict[str, Any]:
    left = _MAX_VALUES
    level: list[object] = [value]
    for _ in range(_MAX_DEPTH):
        left -= len(level)
        if left < 0:
            raise PydanticCustomError("too_large", "Custom fields hold at most 2000 values.")
        level = [child for item in level for child in _children(item)]
        if not level:
            return value
    raise PydanticCustomError("too_deep", "Custom fields nest at most 8 levels.")


def _children(item: object) -> list[object]:
    match item:
        case dict() if all(isinstance(key, str) and "\x00" not in key for key in item):
            return list(item.values())
        case list():
            return item
        case str() if "\x00" not in item and len(item) <= _MAX_TEXT:
            return []
        case bool() | float() | None:
            return []
        case int() if abs(item) <= _LARGEST:
            return []
        case _:
            raise PydanticCustomError(
                "not_json", "Custom fields hold JSON: text, numbers, lists and objects."
            )


_Blank = BeforeValidator(_blank_is_none)
_Text = BeforeValidator(_clean)
# A blank text means none; the number is the most characters.
Text40 = Annotated[Annotated[str, Field(max_length=40)] | None, _Blank]
Text120 = Annotated[Annotated[str, Field(max_length=120)] | None, _Blank]
Text254 = Annotated[Annotated[str, Field(max_length=254)] | None, _Blank]
Text500 = Annotated[Annotated[str, Field(max_length=500)] | None, _Blank]
LongText = Annotated[Annotated[str, Field(max_length=_MAX_TEXT)] | None, _Blank]
Needed120 = Annotated[Annotated[str, Field(min_length=1, max_length=120)], _Text]
Needed200 = Annotated[Annotated[str, Field(min_length=1, max_length=200)], _Text]
Email = Annotated[Annotated[str, Field(max_length=254), AfterValidator(_email)] | None, _Blank]
Currency = Annotated[Annotated[str, AfterValidator(_currency)] | None, _Blank]
Amount = Annotated[str | int | None, BeforeValidator(_amount), _Blank]
Day = Annotated[date | None, BeforeValidator(_day), _Blank]
Instant = Annotated[datetime | None, BeforeValidator(_instant), _Blank]
_Tag = Annotated[Annotated[str, Field(max_length=60)], _Text]
Tags = Annotated[list[_Tag], Field(max_length=50), AfterValidator(_tags)]
Custom = Annotated[dict[str, Any], AfterValidator(_json)]
