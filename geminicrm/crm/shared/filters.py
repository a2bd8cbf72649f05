"""Filters that lists of several kinds of records share."""

from datetime import date
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import InstrumentedAttribute

from geminicrm.crm.shared.spec import Filter
from geminicrm.kernel.clock import parse_instant


def equals(column: InstrumentedAttribute[Any]) -> Filter:
    """Give the filter for one exact value; `none` finds the empty ones."""
    return lambda text: column.is_(None) if text == "none" else column == text


def one_of(column: InstrumentedAttribute[Any], allowed: tuple[str, ...]) -> Filter:
    """Give the filter for one or, with commas, several of the values there are."""

    def condition(text: str) -> Any:
        wanted = text.split(",")
        if not set(wanted) <= set(allowed):
            raise ValueError(f"Use {', '.join(allowed)}; several with commas.")
        return column.in_(wanted)

    return condition


def same_email(column: InstrumentedAttribute[Any]) -> Filter:
    """Give the filter for an e-mail address, whatever its case."""
    return lambda text: func.lower(column) == text.strip().lower()


def _instant(text: str) -> Any:
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        raise ValueError("Write an instant such as 2026-11-21T08:30:00Z.") from None


def _day(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("Write a date such as 2026-11-21.") from None


def before_instant(column: InstrumentedAttribute[Any]) -> Filter:
    """Give the filter for instants before one."""
    return lambda text: column < _instant(text)


def from_instant(column: InstrumentedAttribute[Any]) -> Filter:
    """Give the filter for instants at or after one."""
    return lambda text: column >= _instant(text)


def before_day(column: InstrumentedAttribute[Any]) -> Filter:
    """Give the filter for dates before one."""
    return lambda text: column < _day(text)


def from_day(column: InstrumentedAttribute[Any]) -> Filter:
    """Give the filter for dates at or after one."""
    return lambda text: column >= _day(text)


def is_set(column: InstrumentedAttribute[Any]) -> Filter:
    """Give the filter for rows that have a value (`true`) or none (`false`)."""

    def condition(text: str) -> Any:
        if text not in ("true", "false"):
            raise ValueError("Write true or false.")
        return column.is_not(None) if text == "true" else column.is_(None)

    return condition
