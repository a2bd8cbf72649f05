"""Many records at once: up to a hundred a request, and what came of each of them.

HubSpot answers 207 where some failed, and 400 where one bad item spoils all: then the halves are
sent apart, until only the bad ones are left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from extensions.sdk.capabilities.crm_sync import MOST_AT_ONCE, BatchResult, Done, Failed, Kind
from extensions.sdk.service_errors import ServiceError, ServiceRefused

from ..mapping import record

TRACE: Final = "objectWriteTraceId"
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Numbered(Generic[_Item]):
    """An item with its place in what was asked."""

    index: int
    item: _Item


Send = Callable[[Sequence[Numbered[_Item]]], BatchResult]


def numbered(items: Sequence[_Item]) -> tuple[Numbered[_Item], ...]:
    """Give each item its number. Raises ServiceRefused where there are too many."""
    if len(items) > MOST_AT_ONCE:
        raise ServiceRefused(
            f"Give at most {MOST_AT_ONCE} at once, not {len(items)}.", service_code="too_many"
        )
    return tuple(Numbered(index, item) for index, item in enumerate(items))


def each(items: Sequence[Numbered[_Item]], send: Send[_Item]) -> BatchResult:
    """Send them together, else in halves. Raises what `send` does where nothing was done yet."""
    if not items:
        return BatchResult(done=(), failed=())
    try:
        return send(items)
    except ServiceRefused as error:
        if len(items) == 1:
            return _failed(items, error)
    half = len(items) // 2
    return joined(*(after_another(part, send) for part in (items[:half], items[half:])))


def after_another(items: Sequence[Numbered[_Item]], send: Send[_Item]) -> BatchResult:
    """Send what follows on something that may be done: an error is told of its items alone."""
    try:
        return each(items, send)
    except ServiceError as error:
        return _failed(items, error)


def traced(items: Sequence[Numbered[_Item]]) -> dict[str, int]:
    """Name the items for the answer; `trace` makes the names."""
    return {trace(one): one.index for one in items}


def trace(one: Numbered[Any]) -> str:
    """Give the name of an item, unlike any id."""
    return f"geminicrm-item-{one.index}"


def joined(*results: BatchResult) -> BatchResult:
    """Put results together, in the order of the items."""
    return BatchResult(
        done=tuple(sorted((d for one in results for d in one.done), key=lambda d: d.index)),
        failed=tuple(sorted((f for one in results for f in one.failed), key=lambda f: f.index)),
    )


def told(
    kind: Kind,
    answer: Mapping[str, Any],
    keys: Mapping[str, int],
    values: Mapping[int, Mapping[str, str]] | None = None,
) -> BatchResult:
    """Read what came of items that are known by their traces and ids, else by their `values`.

    What HubSpot says nothing of failed for the reason that belongs to no other item; where there is
    none, nobody knows.
    """
    at = {**(values or {})}
    done = {}
    for one in answer["results"]:
        index = _place(one, keys, at)
        if index is not None:
            done[index] = _done(kind, one, index)
            at.pop(index, None)
    left = set(keys.values()) - done.keys()
    failed = _failures(answer.get("errors") or (), keys, left)
    return joined(BatchResult(done=tuple(done.values()), failed=failed))


def _place(
    one: Mapping[str, Any], keys: Mapping[str, int], values: Mapping[int, Mapping[str, str]]
) -> int | None:
    by_key = keys.get(str(one.get(TRACE)), keys.get(str(one["id"])))
    if by_key is not None:
        return by_key
    known = {name: str(value).lower() for name, value in one["properties"].items()}
    return next(
        (
            index
            for index, given in values.items()
            if given and all(known.get(name) == one.lower() for name, one in given.items())
        ),
        None,
    )


def _failures(
    errors: Sequence[Mapping[str, Any]], keys: Mapping[str, int], left: set[int]
) -> tuple[Failed, ...]:
    named: dict[int, Failed] = {}
    reason = Failed(index=0, code="no_answer", message="HubSpot says nothing of it.", unknown=True)
    for error in errors:
        failure = Failed(
            index=0, code=str(error.get("category") or "error"), message=str(error.get("message"))
        )
        places = _named(error.get("context") or {}, keys)
        named |= {place: replace(failure, index=place) for place in places}
        reason = reason if places else failure
    return tuple(named.get(place, replace(reason, index=place)) for place in left)


def _named(context: Mapping[str, Any], keys: Mapping[str, int]) -> list[int]:
    given = (str(one) for name in (TRACE, "ids") for one in context.get(name) or ())
    return [keys[one] for one in given if one in keys]


def _done(kind: Kind, one: Mapping[str, Any], index: int) -> Done:
    made = record(kind, one)
    return Done(index=index, id=made.id, record=made, created=one.get("new") is True)


def _failed(items: Sequence[Numbered[Any]], error: ServiceError) -> BatchResult:
    code = error.service_code or error.code
    failed = tuple(
        Failed(index=one.index, code=code, message=str(error), unknown=error.accepted == "unknown")
        for one in items
    )
    return BatchResult(done=(), failed=failed)
