"""The filters of the browse page in words, and the chips of those that are chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from marketplace.cards import category_label
from marketplace.search import Query

PLACE: Final = "/marketplace"
SORT_LABELS: Final = {
    "relevance": "Best match",
    "most_installed": "Most installed",
    "top_rated": "Top rated",
    "new": "New",
    "recent": "Recently updated",
    "name": "Name",
}
_ADDS: Final = {
    "widget": "Dashboard widget",
    "panel": "Record panel",
    "action": "Record action",
    "page": "Page of its own",
    "webhook": "Inbound webhook",
    "schedule": "Scheduled work",
}
_LEVELS: Final = {
    "nothing": "Asks for nothing",
    "reads": "Reads records",
    "changes": "Changes records",
    "sends": "Sends data outside",
}
_STATES: Final = {
    "not_installed": "Not installed",
    "installed": "Installed",
    "update": "Update available",
}
_RATINGS: Final = {
    "4": "4 stars and more",
    "3": "3 stars and more",
    "2": "2 stars and more",
    "1": "1 star and more",
}
_ORIGINS: Final = {"built_in": "Part of the CRM", "registry": "From publishers"}
_FLAGS: Final = {
    "verified": "Verified publisher",
    "compatible": "Works with this CRM",
    "private": "Private to this workspace",
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a filter; `id` is that of its count in the page."""

    name: str
    value: str
    label: str
    count: int
    chosen: bool
    kind: str

    @property
    def id(self) -> str:
        """Give what the count is found by when it is renewed."""
        return f"market-n-{self.name}-{self.value}"


@dataclass(frozen=True, kw_only=True)
class Group:
    """A filter with its choices; `any_label` is the choice of none, where one has to be taken."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    any_label: str = ""

    @property
    def chosen(self) -> bool:
        """Tell whether it narrows."""
        return any(one.chosen for one in self.choices)


@dataclass(frozen=True)
class Chip:
    """A chosen filter and the address without it."""

    label: str
    url: str


def groups(query: Query, facets: Mapping[str, Mapping[str, int]]) -> list[Group]:
    """Give every filter of the side, in the order in which people decide."""
    taken = {
        "adds": set(query.adds),
        "level": set(query.levels),
        "state": {query.state},
        "rating": {str(query.rating)},
        "origin": {query.origin},
    }

    def group(name: str, title: str, labels: Mapping[str, str], any_label: str = "") -> Group:
        return Group(
            name=name,
            title=title,
            any_label=any_label,
            choices=tuple(
                Choice(
                    name=name,
                    value=value,
                    label=label,
                    count=facets[name][value],
                    chosen=value in taken[name],
                    kind="radio" if any_label else "checkbox",
                )
                for value, label in labels.items()
            ),
        )

    return [
        Group(name="trust", title="Trust", choices=_flags(query, facets)),
        group("level", "Permissions", _LEVELS),
        group("adds", "Adds", _ADDS),
        group("state", "In this workspace", _STATES, "Any"),
        group("rating", "Rating", _RATINGS, "Any"),
        group("origin", "Comes from", _ORIGINS, "Anywhere"),
    ]


def categories(query: Query, names: Iterable[str], counts: Mapping[str, int]) -> list[Choice]:
    """Give the named categories and the one that is chosen, with their counts."""
    return [
        Choice(
            name="category",
            value=name,
            label=category_label(name),
            count=counts.get(name, 0),
            chosen=name == query.category,
            kind="radio",
        )
        for name in sorted({*names, *filter(None, [query.category])})
    ]


def chips(address: MultiDict[str, str]) -> list[Chip]:
    """Give a chip for each filter that is chosen beside words and order."""
    return [
        Chip(_label(name, value), without(address, name, value))
        for name, value in address.items(multi=True)
        if name not in {"q", "sort"}
    ]


def url_of(address: MultiDict[str, str], cursor: str | None = None) -> str:
    """Write an address."""
    given = [*address.items(multi=True), *((("cursor", cursor),) if cursor else ())]
    return f"{PLACE}?{urlencode(given)}" if given else PLACE


def without(address: MultiDict[str, str], name: str, value: str) -> str:
    """Write an address without one of its filters."""
    kept = [pair for pair in address.items(multi=True) if pair != (name, value)]
    return url_of(MultiDict(kept))


def _flags(query: Query, facets: Mapping[str, Mapping[str, int]]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            name=name,
            value="1",
            label=label,
            count=facets[name]["yes"],
            chosen=bool(getattr(query, name)),
            kind="checkbox",
        )
        for name, label in _FLAGS.items()
    )


def _label(name: str, value: str) -> str:
    if name == "category":
        return category_label(value)
    if name in _FLAGS:
        return _FLAGS[name]
    known = {
        "adds": _ADDS,
        "level": _LEVELS,
        "state": _STATES,
        "rating": _RATINGS,
        "origin": _ORIGINS,
    }
    return known[name].get(value, value)
