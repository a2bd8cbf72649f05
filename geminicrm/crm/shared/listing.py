"""Lists: filters, search, orders, and pages that stay in place while rows come and go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, bindparam, tuple_

from geminicrm.crm.shared.naming import search_patterns
from geminicrm.crm.shared.spec import RecordSpec, Rest, Sort
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.tenancy import WORKSPACE
from geminicrm.kernel.work import Work

NEWEST = "-created_at"
_Place = tuple[Any, str]


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
    text: str
    column: Sort
    falling: bool


def list_page(work: Work, spec: RecordSpec, query: ListQuery) -> ListPage:
    """Read one page; ValidationFailed for a wrong limit, order or cursor, or all wrong filters."""
    work.require(f"read:{spec.noun}")
    page = Page(query.limit, query.cursor)
    order = _order(spec, query.sort)
    after = _after(page.cursor, order)
    part = _Part(work, spec, order, _conditions(spec, query))
    wanted = page.limit + 1
    rows = [] if after is not None and after[0] is None else part.valued(after, wanted)
    if order.column.nullable and len(rows) < wanted:
        rows.extend(part.empty(after, wanted - len(rows)))
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    cursor = _cursor(rows[-1], order) if more else None
    return ListPage([spec.shape(spec.raw(row)) for row in rows], cursor)


@dataclass(frozen=True)
class _Part:
    """Reads rows in an order: those with a value, then those without, whichever direction."""

    work: Work
    spec: RecordSpec
    order: _Order
    conditions: Sequence[ColumnElement[bool]]

    def valued(self, after: _Place | None, wanted: int) -> list[Any]:
        """Give the rows that have a value, behind the place."""
        values = {} if after is None else {"value": after[0], "after": after[1]}
        return self._read(("valued", after is not None), _valued, values, wanted)

    def empty(self, after: _Place | None, wanted: int) -> list[Any]:
        """Give the rows that have no value; the place counts if it is among them."""
        within = after is not None and after[0] is None
        values = {"after": after[1]} if after is not None and within else {}
        return self._read(("empty", within), _empty, values, wanted)

    def _read(
        self,
        key: tuple[str, bool],
        make: Callable[[RecordSpec, _Order, bool], Select[Any]],
        values: Mapping[str, Any],
        wanted: int,
    ) -> list[Any]:
        prepared, name = self.spec.prepared, (*key, self.order.text)
        statement = prepared.get(name)
        if statement is None:
            statement = prepared[name] = make(self.spec, self.order, key[1])
        if self.conditions:
            statement = statement.where(*self.conditions)
        parameters = {WORKSPACE: self.work.workspace_id, "wanted": wanted, **values}
        return list(self.work.session.execute(statement, parameters))


def _order(spec: RecordSpec, text: str) -> _Order:
    name = text.removeprefix("-")
    sorts = {"created_at": Sort(spec.model.id), **spec.sorts}
    if name not in sorts:
        known = ", ".join(sorts)
        raise ValidationFailed(
            [Finding("/sort", "unknown_sort", f"Sort by one of {known}; - before it reverses.")]
        )
    return _Order(text, sorts[name], falling=text.startswith("-"))


def _conditions(spec: RecordSpec, query: ListQuery) -> list[ColumnElement[bool]]:
    conditions, findings = [], []
    for name, text in query.filters.items():
        if "\x00" in text:
            findings.append(Finding(f"/{name}", "bad_filter", "Text can't hold NUL."))
            continue
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
    return [*conditions, *matching(spec, query.search or "")]


def matching(spec: RecordSpec, text: str) -> list[ColumnElement[bool]]:
    """Give the conditions that each word of `text` begins a word of the record's names."""
    return [spec.model.search_text.like(pattern, escape="\\") for pattern in search_patterns(text)]


def _after(cursor: str | None, order: _Order) -> _Place | None:
    """Read the place after which the page begins: the value sorted by, and the id."""
    if cursor is None:
        return None
    values = decode_cursor(cursor, order.text)
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
    return encode_cursor((text, row.id), order.text)


def _valued(spec: RecordSpec, order: _Order, behind: bool) -> Select[Any]:  # noqa: FBT001 - one signature for both parts
    column, key = order.column.column, spec.model.id
    statement = spec.base.where(column.is_not(None)) if order.column.nullable else spec.base
    if column is key:
        after: BindParameter[str] | None = bindparam("after") if behind else None
        statement = _ordered(statement, order, key, after)
    else:
        place = tuple_(bindparam("value", type_=column.type), bindparam("after"))
        here = tuple_(column, key)
        if behind:
            statement = statement.where(here < place if order.falling else here > place)
        first = column.desc() if order.falling else column.asc()
        statement = _ordered(statement.order_by(first), order, key, None)
    return statement.add_columns(column.label("sorted_by"))


def _empty(spec: RecordSpec, order: _Order, behind: bool) -> Select[Any]:  # noqa: FBT001 - one signature for both parts
    column, key = order.column.column, spec.model.id
    statement = spec.base.where(column.is_(None))
    ordered = _ordered(statement, order, key, bindparam("after") if behind else None)
    return ordered.add_columns(column.label("sorted_by"))


def _ordered(statement: Select[Any], order: _Order, key: Any, place: Any) -> Select[Any]:
    if place is not None:
        statement = statement.where(key < place if order.falling else key > place)
    wanted = bindparam("wanted", type_=Integer)
    return statement.order_by(key.desc() if order.falling else key.asc()).limit(wanted)
