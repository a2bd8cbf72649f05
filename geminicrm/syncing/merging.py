"""Merging two versions of a record by what both had before: field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Side: TypeAlias = Literal["ours", "theirs"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both sides had changed to different values."""

    field: str
    ours: str
    theirs: str
    winner: Side


@dataclass(frozen=True, slots=True)
class Merged:
    """Which fields are to be written here (`take`) and over there (`give`)."""

    take: frozenset[str]
    give: frozenset[str]
    conflicts: tuple[Conflict, ...]


def merge(
    base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str], winner: Side
) -> Merged:
    """Compare each field that they have; what is missing elsewhere counts as empty.

    Who alone changed a field wins it; where both changed it differently `winner` does.
    """
    take, give, conflicts = set[str](), set[str](), list[Conflict]()
    for name, far in theirs.items():
        old, own = base.get(name, ""), ours.get(name, "")
        if own == far:
            continue
        if old not in (own, far):
            conflicts.append(Conflict(name, own, far, winner))
        theirs_wins = own == old or (far != old and winner == "theirs")
        (take if theirs_wins else give).add(name)
    return Merged(frozenset(take), frozenset(give), tuple(conflicts))
