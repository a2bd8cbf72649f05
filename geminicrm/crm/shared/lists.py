"""Lists as people see them: columns, filters, and the address that keeps them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request

from geminicrm.crm.shared import counting
from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.crm.shared.desk import Desk, Option
from geminicrm.crm.shared.listing import NEWEST, ListPage, ListQuery
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.paging import Page

ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; `look` names the macro that shows a cell, `kind` the record it links to."""

    name: str
    label: str
    look: str = "text"
    sort: str | None = None
    kind: str | None = None
    end: bool = False


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter of a list; chips for a few fixed values, else a choice."""

    name: str
    label: str
    options: Callable[[Desk], Sequence[Option]]
    chips: bool = False


@dataclass(frozen=True)
class ListView:
    """What part of a list is asked for, and the addresses from there."""

    path: str
    kept: Mapping[str, str]
    filters: Mapping[str, str]
    sort: str
    search: str
    cursor: str | None

    def url(self, **changes: str | None) -> str:
        """Give the address with changes; it starts at the first page unless a cursor is given."""
        sort = self.sort if self.sort != NEWEST else ""
        present = {**self.kept, "q": self.search, **self.filters, "sort": sort}
        query = {name: value for name, value in (present | changes).items() if value}
        return f"{self.path}?{urlencode(query)}" if query else self.path

    def query(self) -> ListQuery:
        """Give what to ask the door for."""
        me = current_actor().user_id
        filters = {
            name: me if name == "owner_id" and value == "me" else value
            for name, value in self.filters.items()
        }
        return ListQuery(ROWS, self.cursor, filters, self.sort, self.search or None)

    def heads(self, columns: Sequence[Column]) -> list[dict[str, object]]:
        """Give the heads of a table; each order leads to the other direction."""
        return [self._head(column) for column in columns]

    def chips(self, chosen: Filter, options: Sequence[Option]) -> list[dict[str, object]]:
        """Give a filter as chips, the first of which takes it off."""
        value = self.filters.get(chosen.name, "")
        first: dict[str, object] = {
            "label": "All",
            "url": self.url(**{chosen.name: None}),
            "active": not value,
        }
        return [
            first,
            *(
                {
                    "label": each["label"],
                    "url": self.url(**{chosen.name: each["value"]}),
                    "active": value == each["value"],
                }
                for each in options
            ),
        ]

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything but the order is asked for."""
        return bool(self.search or self.filters)

    def _head(self, column: Column) -> dict[str, object]:
        head: dict[str, object] = {"label": column.label, "align": "end" if column.end else None}
        if column.sort is not None:
            name = self.sort.removeprefix("-")
            falling = self.sort.startswith("-")
            here = name == column.sort
            if here:
                head["sorted"] = "descending" if falling else "ascending"
            turned = column.sort if here and falling else f"-{column.sort}"
            first = f"-{column.sort}" if column.look in _LATEST_FIRST else column.sort
            head["sort_url"] = self.url(sort=turned if here else first)
        return head


_LATEST_FIRST = ("age", "money")


def read_view(path: str, filters: Sequence[Filter], kept: Mapping[str, str]) -> ListView:
    """Read the address of a list; parameters that it does not know are ignored."""
    arguments = request.args
    chosen = {
        each.name: arguments[each.name].strip()
        for each in filters
        if arguments.get(each.name, "").strip()
    }
    page = Page.parse(None, arguments.get("cursor"))
    sort = arguments.get("sort") or NEWEST
    return ListView(path, kept, chosen, sort, arguments.get("q", "").strip(), page.cursor)


def fetch(door: RecordCommands, view: ListView) -> tuple[ListPage, int]:
    """Give the page and how many there are in all, up to counting.MOST + 1."""
    actor, query = current_actor(), view.query()
    page = door.list(actor, query)
    if page.next_cursor is None and view.cursor is None:
        return page, len(page.data)
    with door.works.read(actor) as work:
        return page, counting.count(work, door.spec, query)


def counted(total: int) -> str:
    """Give a number of rows in words: exact up to counting.MOST."""
    return f"{counting.MOST:,}+" if total > counting.MOST else f"{total:,}"


def owner_filter() -> Filter:
    """Give the filter by owner."""

    def options(desk: Desk) -> list[Option]:
        return [
            {"value": "me", "label": "Me"},
            {"value": "none", "label": "Nobody"},
            *desk.owner_options()[1:],
        ]

    return Filter(name="owner_id", label="Owner", options=options)


def fixed(name: str, label: str, values: Mapping[str, str], *, chips: bool = True) -> Filter:
    """Give a filter with fixed values and their names."""
    options = [{"value": value, "label": text} for value, text in values.items()]
    return Filter(name=name, label=label, options=lambda _desk: options, chips=chips)
