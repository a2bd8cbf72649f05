"""What makes one kind of record differ from another; everything else is written once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    Select,
    String,
    TypeDecorator,
    bindparam,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from geminicrm.crm.shared.models import RecordRow
from geminicrm.crm.shared.schemas import Needs, RecordInput
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.db import UtcDateTime
from geminicrm.kernel.errors import Finding
from geminicrm.kernel.events import Event
from geminicrm.kernel.money import to_decimal_string
from geminicrm.kernel.tenancy import CHECKED, WORKSPACE
from geminicrm.kernel.work import Work

Rest = dict[str, Any]
Filter = Callable[[str], ColumnElement[bool]]
BASE = ("id", "version", "created_at", "updated_at")
OWNED = ("owner_id", "tags", "custom")


@dataclass
class Change:
    """A change on its way: the raw values stored now (None: nothing yet) and those asked for."""

    before: Rest | None
    values: Rest
    findings: list[Finding] = field(default_factory=list)

    @property
    def merged(self) -> Rest:
        """Give the record as it would be."""
        return {**(self.before or {}), **self.values}

    def changes(self, *names: str) -> bool:
        """Tell whether one of the fields gets another value."""
        before = self.before or {}
        return any(name in self.values and self.values[name] != before.get(name) for name in names)

    def refuse(self, pointer: str, code: str, message: str) -> None:
        """Note one thing wrong."""
        self.findings.append(Finding(pointer, code, message))


class Membership(Protocol):
    """Whoever knows the users of a workspace."""

    def __call__(self, work: Work, user_id: str) -> bool:
        """Tell whether the user belongs to the workspace of this unit of work."""
        ...


@dataclass(frozen=True)
class Sort:
    """An order of a list; `write` and `read` turn a value into cursor text and back."""

    column: InstrumentedAttribute[Any]
    nullable: bool = False
    write: Callable[[Any], str | int] = str
    read: Callable[[Any], Any] = str


@dataclass(frozen=True)
class RecordEvents:
    """The three events that every kind of record has."""

    created: type[Event]
    updated: type[Event]
    deleted: type[Event]


def _nothing(_work: Work, _change: Change) -> None:
    """Leave the change as it is."""


def _no_more(_before: Rest | None, _after: Rest) -> Sequence[Event]:
    return ()


def stamp(raw: Rest, *names: str) -> Rest:
    """Write instants in their REST form; those that were read as text have it already."""
    for name in names:
        value = raw[name]
        if isinstance(value, datetime):
            raw[name] = format_instant(value)
    return raw


def stamped(raw: Rest) -> Rest:
    """Turn the raw values that all records have into their REST form."""
    return stamp(raw, "created_at", "updated_at")


class InstantText(TypeDecorator[str]):
    """An instant column read as RFC 3339 text: SQLite keeps text, so that nothing is parsed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String())
        return dialect.type_descriptor(DateTime(timezone=True))

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        if isinstance(value, str):
            return f"{value[:10]}T{value[11:]}Z"
        return None if value is None else format_instant(value)


def priced(raw: Rest) -> Rest:
    """Do the same for a record with money: the amount becomes a decimal string."""
    stamped(raw)
    if raw["amount"] is not None:
        raw["amount"] = to_decimal_string(raw["amount"], raw["currency"])
    return raw


def by_instant(column: InstrumentedAttribute[Any], *, nullable: bool = False) -> Sort:
    """Give the order by an instant."""
    return Sort(column, nullable=nullable, write=format_instant, read=parse_instant)


def by_day(column: InstrumentedAttribute[Any]) -> Sort:
    """Give the order by a date that may be missing."""
    return Sort(column, nullable=True, write=date.isoformat, read=date.fromisoformat)


@dataclass(frozen=True, kw_only=True)
class RecordSpec:
    """One kind of record.

    Raw values are keyed by REST name; `attributes` names the column where it is called otherwise.
    `refine` completes a change (defaults, rules across fields); `follow` names further events.
    """

    kind: str
    noun: str
    icon: str
    model: type[RecordRow]
    schema: type[RecordInput]
    fields: tuple[str, ...]
    needs: Needs
    events: RecordEvents
    is_member: Membership
    names: tuple[str, ...]
    search: tuple[str, ...]
    subtitle: tuple[str, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, type[RecordRow]] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    shape: Callable[[Rest], Rest] = stamped
    refine: Callable[[Work, Change], None] = _nothing
    follow: Callable[[Rest | None, Rest], Sequence[Event]] = _no_more
    all_fields: tuple[str, ...] = field(init=False)
    base: Select[Any] = field(init=False)
    one: Select[Any] = field(init=False)
    entity: Select[Any] = field(init=False)
    prepared: dict[Any, Select[Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        fill = object.__setattr__
        fill(self, "all_fields", (*BASE, *self.fields, *OWNED))
        fill(self, "base", self.mine(select(*map(self._read, self.all_fields))))
        by_id = self.model.id == bindparam("id")
        fill(self, "one", self.base.where(by_id))
        fill(self, "entity", self.mine(select(self.model)).where(by_id).with_for_update())

    def column(self, name: str) -> InstrumentedAttribute[Any]:
        """Give the column of a field."""
        return getattr(self.model, self.attribute(name))  # type: ignore[no-any-return]  # by name

    def _read(self, name: str) -> ColumnElement[Any]:
        column = self.column(name)
        if isinstance(column.type, UtcDateTime):
            return type_coerce(column, InstantText()).label(column.key)
        return column  # type: ignore[return-value]  # an attribute serves as a column

    def attribute(self, name: str) -> str:
        """Give the name of the model's attribute for a field."""
        return self.attributes.get(name, name)

    def mine(self, statement: Select[Any]) -> Select[Any]:
        """Hold a statement to living rows of the workspace that is bound at execution."""
        return statement.where(
            self.model.workspace_id == bindparam(WORKSPACE), self.model.deleted_at.is_(None)
        ).execution_options(**{CHECKED: True})

    def raw(self, row: Sequence[Any]) -> Rest:
        """Name the values of a row that `base` or `one` selected."""
        return dict(zip(self.all_fields, row, strict=False))

    def raw_of(self, row: RecordRow) -> Rest:
        """Read the same values from an entity."""
        return {name: getattr(row, self.attribute(name)) for name in self.all_fields}
