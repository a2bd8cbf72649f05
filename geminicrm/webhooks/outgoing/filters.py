"""Filters: which events an endpoint wants, by what they hold. Every condition has to be met."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Any, Final

from geminicrm.kernel.errors import Finding
from geminicrm.webhooks.outgoing.paths import MISSING, look, wrong_path

MOST: Final = 20
_MOST_VALUES: Final = 100
_LONGEST: Final = 500
_CHANGED_FIELDS: Final = "data.changed_fields"
_MEMBERS: Final = frozenset({"path", "op", "value"})

Condition = Mapping[str, Any]


def passes(conditions: Sequence[Condition], event: Mapping[str, Any]) -> bool:
    """Tell whether an event, in the shape that leaves the house, meets all; never raises."""
    return all(_met(one, event) for one in conditions)


def wrong_filter(conditions: object, samples: list[Mapping[str, Any]]) -> list[Finding]:
    """Say what is wrong with a filter for events such as `samples`."""
    if not isinstance(conditions, list) or len(conditions) > MOST:
        message = f"Give a list of at most {MOST} conditions."
        return [Finding("/filter", "not_a_filter", message)]
    return [
        finding
        for index, one in enumerate(conditions)
        for finding in _wrong_condition(one, f"/filter/{index}", samples)
    ]


def _wrong_condition(
    one: object, pointer: str, samples: list[Mapping[str, Any]]
) -> Sequence[Finding]:
    if not isinstance(one, dict) or not {"path", "op"} <= set(one) <= _MEMBERS:
        message = 'Write {"path": ..., "op": ..., "value": ...}.'
        return [Finding(pointer, "not_a_condition", message)]
    found = []
    wrong = wrong_path(one["path"], samples)
    if wrong:
        found.append(Finding(f"{pointer}/path", "bad_path", wrong))
    if not isinstance(one["op"], str) or one["op"] not in OPERATORS:
        message = f"There is no such comparison; know {', '.join(OPERATORS)}."
        found.append(Finding(f"{pointer}/op", "unknown_value", message))
    elif not _fits(one):
        message = _WANTED.get(one["op"], f"Give a text of at most {_LONGEST} characters, a number, "
                              "true, false or null.")  # fmt: skip
        found.append(Finding(f"{pointer}/value", "bad_value", message))
    return found


def _fits(one: Condition) -> bool:
    value = one.get("value", MISSING)
    match one["op"]:
        case "exists":
            return value is MISSING or isinstance(value, bool)
        case "changed":
            return value is MISSING and str(one["path"]).startswith("data.")
        case "in":
            listed = isinstance(value, list) and 0 < len(value) <= _MOST_VALUES
            return listed and all(_is_plain(item) for item in value)
        case "gt" | "gte" | "lt" | "lte":
            return _is_plain(value) and value is not None and not isinstance(value, bool)
        case _:
            return _is_plain(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST
    return value is None or isinstance(value, (bool, int, float))


def _met(one: Condition, event: Mapping[str, Any]) -> bool:
    return OPERATORS[one["op"]](look(event, one["path"]), one, event)


def _same(found: Any, wanted: Any) -> bool:
    # True is 1 to Python and to nobody else; what is missing is null.
    if found is MISSING:
        found = None
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def met(found: Any, one: Condition, _event: Mapping[str, Any]) -> bool:
        wanted = one["value"]
        if isinstance(wanted, str):
            return isinstance(found, str) and compare(found, wanted)
        number = _number(found)
        return number is not None and compare(number, Decimal(str(wanted)))

    return met


def _number(found: Any) -> Decimal | None:
    """Read a number, or a decimal text: amounts of money are such texts."""
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        return None
    try:
        number = Decimal(str(found))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _contains(found: Any, one: Condition, _event: Mapping[str, Any]) -> bool:
    wanted = one["value"]
    if isinstance(found, str):
        return isinstance(wanted, str) and wanted in found
    return isinstance(found, list) and any(_same(item, wanted) for item in found)


def _changed(_found: Any, one: Condition, event: Mapping[str, Any]) -> bool:
    fields = look(event, _CHANGED_FIELDS)
    return isinstance(fields, list) and one["path"].split(".")[1] in fields


OPERATORS: Final[Mapping[str, Callable[..., bool]]] = MappingProxyType(
    {
        "eq": lambda found, one, _event: _same(found, one["value"]),
        "ne": lambda found, one, _event: not _same(found, one["value"]),
        "gt": _ordered(gt),
        "gte": _ordered(ge),
        "lt": _ordered(lt),
        "lte": _ordered(le),
        "in": lambda found, one, _event: any(_same(found, item) for item in one["value"]),
        "contains": _contains,
        "exists": lambda found, one, _event: (found is not MISSING) == one.get("value", True),
        "changed": _changed,
    }
)
_WANTED: Final = {
    "exists": "Give true or false, or leave it out.",
    "changed": "Give no value, and a path below data: it is whether that field was changed.",
    "in": f"Give a list of 1 to {_MOST_VALUES} values.",
    **dict.fromkeys(("gt", "gte", "lt", "lte"), "Give a number or a text to compare with."),
}
