"""What one process knows of everything that can be found: sets of numbers, and who comes first.

The truth is in the database. A process reads what has changed since it last looked, by the serial
of each row, so that a search needs no more than the words' matches and the rows of its page.
"""

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, bindparam, select

from geminicrm import __version__
from geminicrm.kernel.generation import Generation
from geminicrm.kernel.work import Work
from geminicrm.runtime.semver import NotAVersion, Range, SemVer
from marketplace.models import RegistryExtension
from marketplace.search.bits import bits_of, flags_of, members_of
from marketplace.search.facts import LEVELS, added_kinds
from marketplace.search.index import SEARCH
from marketplace.search.models import SearchRow
from marketplace.search.query import MOST_STARS
from marketplace.search.ranking import rating_key, standing
from marketplace.visibility import PUBLIC, SHELVED

_MANY: Final = 10_000  # rows that are read at once
_SORT: Final = 500  # changes above which an order is sorted anew
_REQUIRES: Final = "requires:"
_CATEGORY: Final = "category:"

Place = tuple[Any, str, int]
"""Where a number stands in an order: the value that is sorted by, the row's key, the number."""


class Known(NamedTuple):
    """What is kept of one extension; `key` is that of its row."""

    number: int
    key: str
    id: str
    version: str
    name: str
    installs: int
    rating: int
    standing: int
    created: int
    updated: int


_Change = tuple[int, Known | None, tuple[str, ...]]
_KEYS: Final[dict[str, Callable[[Known], Any]]] = {
    "relevance": lambda one: -one.standing,
    "most_installed": lambda one: -one.installs,
    "top_rated": lambda one: -one.rating,
    "new": lambda one: -one.created,
    "recent": lambda one: -one.updated,
    "name": lambda one: one.name,
}
_EXTENSION = RegistryExtension.__table__.c
_COLUMNS = (
    SearchRow.number,
    SearchRow.live,
    SearchRow.requires,
    SearchRow.adds,
    SearchRow.level,
    *(
        _EXTENSION[name]
        for name in (
            "id", "extension_id", "name", "name_key", "categories", "verified", "built_in",
            "visibility", "workspace_id", "latest_version", "install_count", "rating_sum",
            "rating_count", "featured",
            "created_at", "updated_at",
        )
    ),
)  # fmt: skip


class Snapshot:
    """Sets by name, such as `category:sales`, and orders; safe to use by several threads."""

    def __init__(self, core_version: str = __version__) -> None:
        self._core = SemVer.parse(core_version)
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._fits: dict[str, bool] = {}
        self._orders: dict[str, list[Place]] = {}
        self.serial = 0
        self.size = 1
        self.known: list[Known | None] = [None]
        self.sets: dict[str, int] = {}
        self.numbers: dict[str, tuple[int, ...]] = {}

    def refresh(self, work: Work) -> None:
        """Read what has changed since the last time."""
        row = work.session.connection().execute(_SERIAL).first()
        if row is None or row.value == self.serial:
            return
        with self._reading:  # at the start of a process one thread reads, the others wait for it
            if row.value > self.serial:
                self._read(work, row.value)

    def _read(self, work: Work, serial: int) -> None:
        found = work.session.connection().execute(_CHANGED, {"seen": self.serial})
        for rows in found.partitions(_MANY):
            changed = [(each.number, _known(each), _sets(each)) for each in rows]
            with self._lock:
                self._take(changed)
        self.serial = max(self.serial, serial)

    def of(self, name: str) -> int:
        """Give a set; an unknown one is empty."""
        return self.sets.get(name, 0)

    def visible(self, workspace_id: str) -> int:
        """Give what a workspace may find: its own stand before public ones of the same id."""
        own = self.of(private(workspace_id))
        if not own:
            return self.of(PUBLIC)
        ids = (one.id for one in map(self.known.__getitem__, members_of(own)) if one is not None)
        return self.of(PUBLIC) & ~self.numbered(ids) | own

    def numbered(self, ids: Iterable[str]) -> int:
        """Give the set of everything that has one of these ids."""
        known = self.numbers
        return bits_of([number for name in ids for number in known.get(name, ())], self.size)

    def newer(self, installed: Mapping[str, str]) -> int:
        """Give what is newer here than the version that goes with its id."""
        return self.numbered(
            name for name, version in installed.items() if self._is_newer(name, version)
        )

    def compatible(self) -> int:
        """Give what works with this version of the CRM."""
        found = 0
        for name, members in list(self.sets.items()):
            if name.startswith(_REQUIRES) and self._fit(name.removeprefix(_REQUIRES)):
                found |= members
        return found

    def ordered(self, order: str) -> Sequence[Place]:
        """Give every place of an order; it is made when it is asked for first."""
        with self._lock:
            if order not in self._orders:
                key = _KEYS[order]
                places = [(key(one), one.key, one.number) for one in self.known if one is not None]
                self._orders[order] = sorted(places)
            return self._orders[order]

    def walk(self, order: str, wanted: int) -> Iterator[Place]:
        """Give the places of some numbers, the first ones first, as far as they are read."""
        if wanted.bit_count() ** 2 < self.size:  # few are sorted sooner than met on the way
            key = _KEYS[order]
            those = (self.known[number] for number in members_of(wanted))
            yield from sorted((key(one), one.key, one.number) for one in those if one is not None)
            return
        flags = flags_of(wanted)
        size = len(flags)
        for place in self.ordered(order):
            if place[2] < size and flags[place[2]]:
                yield place

    def categories(self) -> Iterator[str]:
        """Give the categories there are or were."""
        names = (name for name in list(self.sets) if name.startswith(_CATEGORY))
        return (name.removeprefix(_CATEGORY) for name in names)

    def _is_newer(self, name: str, version: str) -> bool:
        offered = (self.known[number] for number in self.numbers.get(name, ()))
        return any(
            SemVer.parse(one.version) > SemVer.parse(version) for one in offered if one is not None
        )

    def _fit(self, wanted: str) -> bool:
        if wanted not in self._fits:
            self._fits[wanted] = not wanted or _allows(wanted, self._core)
        return self._fits[wanted]

    def _take(self, changed: Sequence[_Change]) -> None:
        numbers = [number for number, _, _ in changed]
        self.size = max(self.size, max(numbers) + 1)
        self.known.extend([None] * (self.size - len(self.known)))
        before = [one for one in (self.known[number] for number in numbers) if one is not None]
        now = [one for _, one, _ in changed if one is not None]
        self._replace(before, now)
        self._move(changed, bits_of(numbers, self.size))
        self._resort(before, now)

    def _replace(self, before: Sequence[Known], now: Sequence[Known]) -> None:
        for one in before:
            self.known[one.number] = None
            self.numbers[one.id] = tuple(n for n in self.numbers[one.id] if n != one.number)
        for one in now:
            self.known[one.number] = one
            self.numbers[one.id] = (*self.numbers.get(one.id, ()), one.number)

    def _move(self, changed: Sequence[_Change], stale: int) -> None:
        members: dict[str, list[int]] = defaultdict(list)
        for number, one, names in changed:
            if one is not None:
                for name in names:
                    members[name].append(number)
        sets = {name: held & ~stale for name, held in self.sets.items()}
        for name, added in members.items():
            sets[name] = sets.get(name, 0) | bits_of(added, self.size)
        self.sets = sets  # in one step: whoever reads meanwhile has the one or the other

    def _resort(self, before: Sequence[Known], now: Sequence[Known]) -> None:
        if len(before) + len(now) > _SORT:
            self._orders = {}
            return
        for order, places in list(self._orders.items()):
            key = _KEYS[order]
            fresh = places.copy()  # others may be walking along the old one
            for one in before:
                del fresh[bisect_left(fresh, (key(one), one.key, one.number))]
            for one in now:
                insort(fresh, (key(one), one.key, one.number))
            self._orders[order] = fresh


_SERIAL = select(Generation.__table__.c.value).where(Generation.__table__.c.name == SEARCH)
_CHANGED = (
    select(*_COLUMNS)
    .join(RegistryExtension.__table__, _EXTENSION.id == SearchRow.extension_id)
    .where(SearchRow.serial > bindparam("seen"))
)


def private(workspace_id: str | None) -> str:
    """Name the set of what only one workspace may see."""
    return f"private:{workspace_id}"


def _known(row: Row[Any]) -> Known | None:
    if not row.live or row.visibility == SHELVED:
        return None
    rating = rating_key(row.rating_sum, row.rating_count)
    return Known(
        number=row.number,
        key=row.id,
        id=row.id if row.id == row.extension_id else row.extension_id,  # one text, not two
        version=row.latest_version,
        name=row.name_key,
        installs=row.install_count,
        rating=rating,
        standing=standing(
            installs=row.install_count,
            rating=rating,
            verified=row.verified,
            featured=row.featured is not None,
        ),
        created=_micros(row.created_at),
        updated=_micros(row.updated_at),
    )


def _sets(row: Row[Any]) -> tuple[str, ...]:
    """Name the sets it belongs to; names are made once, since there are few."""
    stars = row.rating_sum // row.rating_count if row.rating_count else 0
    return (
        PUBLIC if row.visibility == PUBLIC else private(row.workspace_id),
        "origin:built_in" if row.built_in else "origin:registry",
        *(("verified",) if row.verified else ()),
        *(("featured",) if row.featured is not None else ()),
        *_common(row.level, row.adds, min(stars, MOST_STARS), row.requires),
        *map(_category, row.categories),
    )


@lru_cache(4_096)
def _common(level: int, adds: int, stars: int, requires: str | None) -> tuple[str, ...]:
    return (
        f"level:{LEVELS[level]}",
        f"{_REQUIRES}{requires or ''}",
        *(f"adds:{kind}" for kind in added_kinds(adds)),
        *(f"rating:{star}" for star in range(1, stars + 1)),
    )


@lru_cache(4_096)
def _category(name: str) -> str:
    return f"{_CATEGORY}{name}"


def _micros(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)


def _allows(wanted: str, version: SemVer) -> bool:
    try:
        return Range.parse(wanted).allows(version)
    except NotAVersion:
        return False
