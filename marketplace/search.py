"""Finding extensions: words, category, order, one page at a time."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work
from marketplace.listings import Listing
from marketplace.models import RegistryCategory, RegistryExtension

MOST_WORDS = 8
MOST_CHARACTERS = 200


@dataclass(frozen=True)
class _Order:
    """One way to sort: by a column, then by id; `kind` is what a cursor carries."""

    column: InstrumentedAttribute[Any]
    descending: bool
    kind: type


SORTS = {
    "most_installed": _Order(RegistryExtension.install_count, descending=True, kind=int),
    "recent": _Order(RegistryExtension.updated_at, descending=True, kind=str),
    "name": _Order(RegistryExtension.name_key, descending=False, kind=str),
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is looked for; `among` keeps to these ids, None means all."""

    words: str = ""
    category: str = ""
    sort: str = "most_installed"
    among: frozenset[str] | None = None
    page: Page = field(default_factory=Page)

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            message = f"{self.sort!r} is no order; use one of {', '.join(SORTS)}."
            raise ValidationFailed([Finding("/sort", "unknown_sort", message)])


@dataclass(frozen=True)
class Found:
    """One page of results; `total` counts all pages."""

    listings: list[Listing]
    next_cursor: str | None
    total: int


def find(work: Work, query: Query) -> Found:
    """Give one page; ValidationFailed for a cursor of another order."""
    wanted = _filters(query)
    order = SORTS[query.sort]
    statement = _ordered(select(RegistryExtension).where(*wanted), order)
    if query.page.cursor:
        statement = statement.where(_after(query.page.cursor, query.sort, order))
    rows = work.session.scalars(statement.limit(query.page.limit + 1)).all()
    shown = rows[: query.page.limit]
    more = len(rows) > len(shown)
    counted = select(func.count()).select_from(RegistryExtension).where(*wanted)
    return Found(
        listings=[Listing.of(row) for row in shown],
        next_cursor=_cursor(shown[-1], query.sort, order) if more else None,
        total=work.session.scalar(counted) or 0,
    )


def categories(work: Work) -> list[str]:
    """Give every category that has an extension, in alphabetical order."""
    statement = select(RegistryCategory.category).distinct().order_by(RegistryCategory.category)
    return list(work.session.scalars(statement))


def search_text(*parts: str) -> str:
    """Give the text that words are looked for in."""
    return "\n".join(parts).casefold()


def _filters(query: Query) -> list[ColumnElement[bool]]:
    words = query.words[:MOST_CHARACTERS].replace("\x00", "").casefold().split()[:MOST_WORDS]
    wanted: list[ColumnElement[bool]] = [
        RegistryExtension.search_text.contains(word, autoescape=True) for word in words
    ]
    if query.category:
        inside = select(RegistryCategory.extension_id).where(
            RegistryCategory.category == query.category.replace("\x00", "")
        )
        wanted.append(RegistryExtension.id.in_(inside))
    if query.among is not None:
        wanted.append(RegistryExtension.id.in_(query.among))
    return wanted


def _ordered(statement: Select[RegistryExtension], order: _Order) -> Select[RegistryExtension]:
    first = order.column.desc() if order.descending else order.column.asc()
    return statement.order_by(first, RegistryExtension.id)


def _after(cursor: str, sort: str, order: _Order) -> ColumnElement[bool]:
    value, last_id = decode_cursor(cursor, sort, (order.kind, str))
    if value is None or last_id is None:
        raise _bad_cursor()
    place = _instant(value) if sort == "recent" else value
    further = order.column < place if order.descending else order.column > place
    return or_(further, and_(order.column == place, RegistryExtension.id > last_id))


def _instant(value: object) -> datetime:
    try:
        return parse_instant(str(value))
    except ValueError:
        raise _bad_cursor() from None


def _bad_cursor() -> ValidationFailed:
    message = "This is no cursor of this list; start again without one."
    return ValidationFailed([Finding("/cursor", "bad_cursor", message)])


def _cursor(row: RegistryExtension, sort: str, order: _Order) -> str:
    value = getattr(row, order.column.key)
    return encode_cursor((format_instant(value) if sort == "recent" else value, row.id), sort)
