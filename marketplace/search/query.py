"""What is asked for and what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page
from marketplace.listings import Listing
from marketplace.search.facts import ADDS, LEVELS

RELEVANCE: Final = "relevance"
MOST_INSTALLED: Final = "most_installed"
SORTS: Final = (RELEVANCE, MOST_INSTALLED, "top_rated", "new", "recent", "name")
STATES: Final = ("not_installed", "installed", "update")
ORIGINS: Final = ("built_in", "registry")
MOST_STARS: Final = 4
"""`rating=5` would find hardly anything: only where everybody gave five stars."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is looked for; what is left out does not narrow it.

    `category` is one; of `adds` and `levels` any has to fit; `rating` is the fewest stars.
    `installed` are the ids in the actor's workspace with their versions, which `state` and its
    counts go by. `among` keeps to these ids, None means all; `interests`
    to what is in any of these categories, `featured` to what operators chose. Without a `sort`
    words are sorted by relevance, everything else by installations.
    """

    words: str = ""
    category: str = ""
    verified: bool = False
    compatible: bool = False
    private: bool = False
    adds: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    state: str = ""
    origin: str = ""
    rating: int = 0
    sort: str = ""
    installed: Mapping[str, str] = field(default_factory=dict)
    among: frozenset[str] | None = None
    featured: bool = False
    interests: frozenset[str] = frozenset()
    facets: bool = False
    page: Page = field(default_factory=Page)

    def __post_init__(self) -> None:
        findings = [
            *_unknown("sort", [self.sort] if self.sort else [], SORTS),
            *_unknown("adds", self.adds, ADDS),
            *_unknown("level", self.levels, LEVELS),
            *_unknown("state", [self.state] if self.state else [], STATES),
            *_unknown("origin", [self.origin] if self.origin else [], ORIGINS),
        ]
        if not 0 <= self.rating <= MOST_STARS:
            message = f"Write a whole number from 1 to {MOST_STARS}."
            findings.append(Finding("/rating", "bad_rating", message))
        if findings:
            raise ValidationFailed(findings)

    @property
    def order(self) -> str:
        """Name the order that holds."""
        return self.sort or (RELEVANCE if self.words.strip() else MOST_INSTALLED)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of results; `total` counts all pages.

    `facets` has for each filter how many there would be with each of its values, under all other
    filters; it is empty unless asked for.
    """

    listings: list[Listing]
    next_cursor: str | None
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def to_dict(self, *, facets: bool) -> dict[str, Any]:
        """Give the answer that programs get."""
        counts = {
            name: [{"value": value, "count": count} for value, count in values.items()]
            for name, values in self.facets.items()
        }
        return {
            "data": [listing.to_dict() for listing in self.listings],
            "next_cursor": self.next_cursor,
            "total": self.total,
            **({"facets": counts} if facets else {}),
        }


def _unknown(name: str, given: Any, known: tuple[str, ...]) -> list[Finding]:
    return [
        Finding(f"/{name}", f"unknown_{name}", f"{one!r} is none of {', '.join(known)}.")
        for one in given
        if one not in known
    ]
