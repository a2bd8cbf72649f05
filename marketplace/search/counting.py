"""What a query narrows to, and how many there would be with each other choice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from marketplace.search.facts import ADDS, LEVELS
from marketplace.search.query import MOST_STARS, ORIGINS, Query
from marketplace.search.snapshot import Snapshot, private

_YES = "yes"


@dataclass(frozen=True)
class Narrowed:
    """The members, and the counts of every choice under all other filters."""

    bits: int
    facets: Mapping[str, Mapping[str, int]]


def narrow(snapshot: Snapshot, query: Query, workspace_id: str, found: int) -> Narrowed:
    """Cut what the words found by every filter; count the choices where that is asked for.

    Each count is exact: one cut and one counting of bits for each choice.
    """
    base = found & snapshot.visible(workspace_id)
    if query.among is not None:
        base &= snapshot.numbered(query.among)
    if query.featured:
        base &= snapshot.of("featured")
    if query.interests:
        base &= reduce(or_, (snapshot.of(f"category:{one}") for one in query.interests))
    choices = _choices(snapshot, query, workspace_id)
    chosen = {name: _either(sets, _asked(query)[name]) for name, sets in choices.items()}
    whole = _cut(base, chosen.values())
    facets = {
        name: _counts(_others(base, chosen, name) if chosen[name] is not None else whole, sets)
        for name, sets in (choices.items() if query.facets else ())
    }
    return Narrowed(whole, facets)


def _choices(snapshot: Snapshot, query: Query, workspace_id: str) -> dict[str, dict[str, int]]:
    """Give the set behind each choice of each filter."""
    everything = (1 << snapshot.size) - 1
    mine = snapshot.numbered(query.installed)
    newer = snapshot.newer(query.installed)
    return {
        "category": {one: snapshot.of(f"category:{one}") for one in sorted(snapshot.categories())},
        "verified": {_YES: snapshot.of("verified")},
        "compatible": {_YES: snapshot.compatible()},
        "adds": {one: snapshot.of(f"adds:{one}") for one in ADDS},
        "level": {one: snapshot.of(f"level:{one}") for one in LEVELS},
        "state": {"not_installed": everything & ~mine, "installed": mine, "update": newer},
        "rating": {
            str(stars): snapshot.of(f"rating:{stars}") for stars in range(MOST_STARS, 0, -1)
        },
        "origin": {one: snapshot.of(f"origin:{one}") for one in ORIGINS},
        "private": {_YES: snapshot.of(private(workspace_id))},
    }


def _asked(query: Query) -> dict[str, tuple[str, ...]]:
    return {
        "category": (query.category.replace("\x00", ""),) if query.category else (),
        "verified": (_YES,) if query.verified else (),
        "compatible": (_YES,) if query.compatible else (),
        "adds": query.adds,
        "level": query.levels,
        "state": (query.state,) if query.state else (),
        "rating": (str(query.rating),) if query.rating else (),
        "origin": (query.origin,) if query.origin else (),
        "private": (_YES,) if query.private else (),
    }


def _either(sets: Mapping[str, int], asked: tuple[str, ...]) -> int | None:
    if not asked:
        return None
    found = 0
    for one in asked:
        found |= sets.get(one, 0)
    return found


def _cut(base: int, chosen: Iterable[int | None]) -> int:
    for bits in chosen:
        if bits is not None:
            base &= bits
    return base


def _others(base: int, chosen: Mapping[str, int | None], name: str) -> int:
    return _cut(base, (bits for other, bits in chosen.items() if other != name))


def _counts(under: int, sets: Mapping[str, int]) -> dict[str, int]:
    return {value: (under & bits).bit_count() for value, bits in sets.items()}
