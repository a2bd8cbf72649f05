"""From the words' matches to an order by relevance."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from heapq import merge

from marketplace.search.bits import bits_of, flags_of
from marketplace.search.matching import Matches
from marketplace.search.ranking import BROAD, EXACT, WORDS, words_factor
from marketplace.search.snapshot import Place, Snapshot

_RELEVANCE = "relevance"


@dataclass(frozen=True)
class Scored:
    """What words found: the whole set, and its members in tiers of equal points for the words.

    `places` are the ready order where there are few; else it is merged from the tiers as far as
    it is read.
    """

    bits: int
    places: Sequence[Place] | None
    tiers: Sequence[tuple[int, int]] = ()

    def walk(self, snapshot: Snapshot, wanted: int) -> Iterator[Place]:
        """Give the places of those that are wanted, the most relevant first."""
        if self.places is not None:
            flags = flags_of(wanted)
            size = len(flags)
            yield from (one for one in self.places if one[2] < size and flags[one[2]])
            return
        yield from merge(*(_tier(snapshot, points, bits & wanted) for points, bits in self.tiers))


def score(snapshot: Snapshot, matches: Matches, exact: AbstractSet[int]) -> Scored:
    """Weigh matches by the formula of `ranking`; `exact` have the very words as their name."""
    bits = bits_of(matches.numbers, snapshot.size)
    if matches.weights is None:
        return Scored(bits, None, _tiers(snapshot, matches, bits, exact))
    factor = words_factor(matches.weights)
    places = []
    for number, weight in zip(matches.numbers, matches.weights, strict=True):
        one = snapshot.known[number] if number < snapshot.size else None
        if one is not None:
            points = round(factor * weight) + one.standing + (EXACT if number in exact else 0)
            places.append((-points, one.key, number))
    places.sort()
    return Scored(bits, places)


def everything(snapshot: Snapshot) -> Scored:
    """Give the order where nothing was asked for: by what speaks for each."""
    return Scored(-1, None, [(0, (1 << snapshot.size) - 1)])


def _tiers(
    snapshot: Snapshot, matches: Matches, bits: int, exact: AbstractSet[int]
) -> list[tuple[int, int]]:
    named = bits_of(matches.named, snapshot.size)
    near = bits_of(matches.near, snapshot.size)
    first = bits_of(sorted(exact), snapshot.size) & bits
    return [
        (round(WORDS * BROAD["name"]) + EXACT, first),
        (round(WORDS * BROAD["name"]), named & ~first),
        (round(WORDS * BROAD["keywords"]), near & ~named & ~first),
        (round(WORDS * BROAD[""]), bits & ~near & ~named & ~first),
    ]


def _tier(snapshot: Snapshot, points: int, bits: int) -> Iterator[Place]:
    return ((value - points, key, number) for value, key, number in snapshot.walk(_RELEVANCE, bits))
