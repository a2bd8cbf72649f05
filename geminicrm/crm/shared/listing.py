"""Lists: filters, search, orders, and pages that stay in place while rows come and go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, tuple_

from geminicrm.crm.shared.naming import search_patterns
from geminicrm.crm.shared.spec import RecordSpec, Rest, Sort
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.tenancy import WORKSPACE
from geminicrm.kernel.work import Work

NEWEST = "-created_at"


@dataclass(frozen=True)
class ListQuery:
    """What part of which list is asked for.

    `sort` is a field of the record's orders, with `-` for descending; `q` searches names.
    """

    limit: int = 50
    cursor: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = NEWEST
    search: str | None = None


@dataclass(frozen=True)
class ListPage:
    """One page; `next_cursor` is None on the last."""

    data: list[Rest]
    next_cursor: str | None


@dataclass(frozen=True)
class _Order:
    name: str
    column: Sort
    falling: bool


def list_page(work: Work, spec: RecordSpec, query: ListQuery) -> ListPage:
    """Read one page; ValidationFailed lists every wrong filter, order, limit or cursor."""
    work.require(f"read:{spec.noun}")
    page = Page(query.limit, query.cursor)
    order = _order(spec, query.sort)
    statement = _narrowed(spec, query)
    after = _after(page.cursor, order)
    wanted = page.limit + 1
    rows = _rows(work, _placed(statement, spec, order, after), wanted)
    if order.column.nullable and len(rows) < wanted:
        nulls = _placed_null(statement, spec, order, after)
        rows.extend(_rows(work, nulls, wanted - len(rows)))
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    cursor = _cursor(rows[-1], order) if more else None
    return ListPage([spec.shape(spec.raw(row)) for row in rows], cursor)


def _rows(work: Work, statement: Select[Any], wanted: int) -> list[Any]:
    parameters = {WORKSPACE: work.workspace_id, "wanted": wanted}
    limited = statement.limit(bindparam("wanted", type_=Integer))
    return list(work.session.execute(limited, parameters))


def _order(spec: RecordSpec, text: str) -> _Order:
    name = text.removeprefix("-")
    sorts = {"created_at": Sort(spec.model.id), **spec.sorts}
    if name not in sorts:
        known = ", ".join(sorts)
        raise ValidationFailed(
            [Finding("/sort", "unknown_sort", f"Sort by one of {known}; - before it reverses.")]
        )
    return _Order(name, sorts[name], falling=text.startswith("-"))


def _narrowed(spec: RecordSpec, query: ListQuery) -> Select[Any]:
    conditions, findings = [], []
    for name, text in query.filters.items():
        if name not in spec.filters:
            known = ", ".join(spec.filters)
            findings.append(
                Finding(f"/{name}", "unknown_filter", f"Filters are {known}; others are q, sort.")
            )
            continue
        try:
            conditions.append(spec.filters[name](text))
        except ValueError as error:
            findings.append(Finding(f"/{name}", "bad_filter", str(error)))
    if findings:
        raise ValidationFailed(findings)
    conditions.extend(matching(spec, query.search or ""))
    return spec.base.where(*conditions) if conditions else spec.base


def matching(spec: RecordSpec, text: str) -> list[ColumnElement[bool]]:
    """Give the conditions that each word of `text` begins a word of the record's names."""
    return [spec.model.search_text.like(pattern, escape="\\") for pattern in search_patterns(text)]


def _after(cursor: str | None, order: _Order) -> tuple[Any, str] | None:
    """Read the place after which the page begins: the value sorted by, and the id."""
    if cursor is None:
        return None
    values = decode_cursor(cursor, _named(order))
    try:
        value, identifier = values
        place = (None if value is None else order.column.read(value)), str(identifier)
    except (ValueError, TypeError):
        raise ValidationFailed(
            [Finding("/cursor", "bad_cursor", "This is no cursor of this list.")]
        ) from None
    return place


def _cursor(row: Any, order: _Order) -> str:
    value = row[-1]
    text = None if value is None else order.column.write(value)
    return encode_cursor((text, row.id), _named(order))


def _named(order: _Order) -> str:
    return f"{'-' if order.falling else ''}{order.name}"


def _placed(
    statement: Select[Any], spec: RecordSpec, order: _Order, after: tuple[Any, str] | None
) -> Select[Any]:
    """Order the rows that have a value, and start behind the place."""
    column, key = order.column.column, spec.model.id
    if order.column.nullable:
        statement = statement.where(column.is_not(None))
    if after is not None:
        statement = statement.where(_behind(order, column, key, after))
    if column is key:
        ordered = statement.order_by(key.desc() if order.falling else key.asc())
    elif order.falling:
        ordered = statement.order_by(column.desc(), key.desc())
    else:
        ordered = statement.order_by(column.asc(), key.asc())
    return ordered.add_columns(column.label("sorted_by"))


def _behind(order: _Order, column: Any, key: Any, after: tuple[Any, str]) -> ColumnElement[bool]:
    value, identifier = after
    if value is None:
        return key.is_(None)  # type: ignore[no-any-return]  # only rows without a value are left
    here = key if column is key else tuple_(column, key)
    place = identifier if column is key else tuple_(value, identifier)
    return here < place if order.falling else here > place


def _placed_null(
    statement: Select[Any], spec: RecordSpec, order: _Order, after: tuple[Any, str] | None
) -> Select[Any]:
    """Order the rows without a value; they come last, whichever the direction."""
    column, key = order.column.column, spec.model.id
    statement = statement.where(column.is_(None))
    if after is not None and after[0] is None:
        statement = statement.where(key < after[1] if order.falling else key > after[1])
    return statement.order_by(key.desc() if order.falling else key.asc()).add_columns(
        column.label("sorted_by")
    )
