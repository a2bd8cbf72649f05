"""The contract `crm_sync`: another CRM's contacts, companies and deals, read and written in bulk.

Every operation raises ServiceError. What is asked of many at once is done for each on its own: some
may fail while others are done, and the answer says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["contact", "company", "deal"]
ValueType: TypeAlias = Literal["text", "number", "date", "datetime", "choice", "yes_no"]
Test: TypeAlias = Literal["is", "is_not", "one_of", "at_least", "at_most", "has_word", "is_set"]

MOST_AT_ONCE: Final = 100
"""How many records one call of a `_many` operation takes; more is ServiceRefused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarRecord:
    """A record over there. `version` differs whenever the record does: compare it for conflicts."""

    kind: Kind
    id: str
    values: Mapping[str, str | None]
    created_at: datetime
    updated_at: datetime
    version: str
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records; ask again with `cursor` for what comes after, at once where there is `more`."""

    records: tuple[FarRecord, ...]
    cursor: str
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New values of a record; `id` is its id, or its value of the property that is asked by."""

    id: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The record that came of the item at `index` of what was asked."""

    index: int
    id: str
    record: FarRecord | None = None
    created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Why the item at `index` was not done; `unknown` where it may have been."""

    index: int
    code: str
    message: str
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What came of many; every item asked for is in one of the two."""

    done: tuple[Done, ...]
    failed: tuple[Failed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that records have to fulfil; `values` has one, several for `one_of`."""

    name: str
    test: Test
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """All conditions have to hold; `properties` are the values to give."""

    conditions: tuple[Condition, ...] = ()
    words: str = ""
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A record that another one belongs with; `labels` say how, where the service has any.

    Of several companies of a record the `primary` one is its own; asked to link such a one, the
    service makes it that. Where the service has no such thing, none is primary, and asking for one
    changes nothing.
    """

    from_id: str
    to_id: str
    labels: tuple[str, ...] = ()
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody over there who owns records."""

    id: str
    email: str
    name: str
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProperty:
    """A property to add, of text; `unique` lets records be found and upserted by it."""

    name: str
    label: str
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property of a kind; `choices` maps the values of a choice to what people read."""

    name: str
    label: str
    type: ValueType
    choices: Mapping[str, str]
    read_only: bool
    unique: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of a pipeline; `probability` is from 0 to 1, None where it has none."""

    id: str
    label: str
    order: int
    probability: float | None
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline with its stages in order."""

    id: str
    label: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardFields:
    """What the usual fields of a kind are called over there: `names` maps the CRM's to theirs.

    The CRM's names are first_name, last_name, email, phone and title of contacts; name, domain,
    phone and address of companies; name, amount, currency, expected_close_on, pipeline and stage
    of deals, the last two with ids that `pipelines` gives; and owner of all three, with an id that
    `owners` gives. What is not there is not synced. `key` is the one of the CRM's names that finds
    a record and that `upsert_many` takes, "" for none.
    """

    names: Mapping[str, str]
    key: str = ""


class CrmSync(Protocol):
    """What a provider of CRM sync does."""

    def standard_fields(self, kind: Kind) -> StandardFields:
        """Tell what the CRM's own fields are called here; asks nobody."""

    def changes(self, kind: Kind, properties: tuple[str, ...], cursor: str = "") -> Page:
        """Give what was made or changed, oldest first; "" begins with the first record.

        No record is left out, and one may come twice. Archived ones are not among them.
        """

    def archived(self, kind: Kind, properties: tuple[str, ...], cursor: str = "") -> Page:
        """Give what is archived."""

    def search(self, kind: Kind, search: Search, cursor: str = "") -> Page:
        """Find records. ServiceRefused where there are more than the service finds at once."""

    def read(
        self, kind: Kind, record_id: str, properties: tuple[str, ...], by: str = ""
    ) -> FarRecord:
        """Read one by its id, or by the unique property `by`. Raises ServiceNotFound."""

    def read_many(
        self, kind: Kind, ids: tuple[str, ...], properties: tuple[str, ...], by: str = ""
    ) -> BatchResult:
        """Read many; those that are not there are among the failed ones, as `not_found`."""

    def create(self, kind: Kind, values: Mapping[str, str]) -> FarRecord:
        """Make one."""

    def create_many(self, kind: Kind, items: tuple[Mapping[str, str], ...]) -> BatchResult:
        """Make many."""

    def update(self, kind: Kind, change: Change, by: str = "") -> FarRecord:
        """Change one. Raises ServiceNotFound."""

    def update_many(self, kind: Kind, changes: tuple[Change, ...]) -> BatchResult:
        """Change many."""

    def upsert_many(self, kind: Kind, changes: tuple[Change, ...], by: str) -> BatchResult:
        """Change those that are known by the property `by`, and make the others."""

    def archive(self, kind: Kind, record_id: str) -> None:
        """Put one away; asked twice it is the same."""

    def archive_many(self, kind: Kind, ids: tuple[str, ...]) -> BatchResult:
        """Put many away."""

    def links(self, from_kind: Kind, to_kind: Kind, ids: tuple[str, ...]) -> tuple[Link, ...]:
        """Give all links of up to 100 records to records of the other kind."""

    def link(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Link pairs of records, in the service's usual way; asked twice it is the same."""

    def unlink(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Take links away, whatever their labels; those that are not there are done too."""

    def owners(self) -> tuple[Owner, ...]:
        """Give all owners."""

    def properties(self, kind: Kind) -> tuple[Property, ...]:
        """Give all properties of a kind."""

    def create_property(self, kind: Kind, new: NewProperty) -> Property:
        """Add a property."""

    def pipelines(self) -> tuple[Pipeline, ...]:
        """Give the pipelines of deals."""
