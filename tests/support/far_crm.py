"""Another CRM in memory: implements FarCrm and FarCrms, counts its calls, fails when told to."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from extensions.sdk.capabilities.crm_sync import (
    BatchResult,
    Change,
    Done,
    Failed,
    FarRecord,
    Link,
    Owner,
    Page,
    Pipeline,
    Search,
    Stage,
    StandardFields,
)
from geminicrm.kernel.clock import FixedClock

_PAGE = 100
_NAMES = {
    "contact": StandardFields(
        names={
            "first_name": "first",
            "last_name": "last",
            "email": "mail",
            "phone": "tel",
            "owner": "keeper",
        },
        key="email",
    ),
    "company": StandardFields(
        names={"name": "name", "domain": "site", "owner": "keeper"}, key="domain"
    ),
    "deal": StandardFields(
        names={
            "name": "title",
            "amount": "amount",
            "currency": "currency",
            "expected_close_on": "closes",
            "pipeline": "pipe",
            "stage": "step",
            "owner": "keeper",
        }
    ),
}
_STEPS = (
    Stage(id="s0", label="prospecting", order=0, probability=0.1, closed=False),
    Stage(id="s1", label="QUALIFICATION", order=0, probability=0.2, closed=False),
    Stage(id="s2", label="Handshake", order=1, probability=0.9, closed=False),
    Stage(id="s3", label="Done", order=2, probability=1.0, closed=True),
    Stage(id="s4", label="Dropped", order=3, probability=0.0, closed=True),
)


@dataclass
class FarCrmInMemory:
    """The other side. `calls` are the operations asked; `refuse` says what is wrong with values."""

    clock: FixedClock
    extension_id: str = "far-crm"
    name: str = "Far CRM"
    running: bool = True
    records: dict[str, dict[str, FarRecord]] = field(
        default_factory=lambda: {"contact": {}, "company": {}, "deal": {}}
    )
    calls: list[tuple[str, str]] = field(default_factory=list)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    after: dict[str, Callable[[], object]] = field(default_factory=dict)
    refuse: Callable[[Mapping[str, str]], str] = lambda _values: ""
    order: list[tuple[str, str]] = field(default_factory=list)
    keepers: dict[str, str] = field(default_factory=dict)
    tied: dict[tuple[str, str], dict[tuple[str, str], bool]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def open(self, _workspace_id: str, _connection_id: str) -> "FarCrmInMemory | None":
        """Give itself while it runs."""
        return self if self.running else None

    def put(self, kind: str, record_id: str = "", /, **values: str | None) -> str:
        """Have somebody over there make or change a record; give its id."""
        record_id = record_id or f"far{next(self._numbers)}"
        now = self.clock.now() + timedelta(microseconds=next(self._numbers))
        old = self.records[kind].get(record_id)
        self.records[kind][record_id] = FarRecord(
            kind=kind,  # type: ignore[arg-type]  # a kind of the contract
            id=record_id,
            values={**(old.values if old else {}), **values},
            created_at=old.created_at if old else now,
            updated_at=now,
            version=now.isoformat(),
        )
        self.order.append((kind, record_id))
        return record_id

    def delete(self, kind: str, record_id: str) -> None:
        """Have somebody over there archive a record."""
        self.records[kind][record_id] = replace(self.records[kind][record_id], archived=True)

    def tie(self, one: tuple[str, str], other: tuple[str, str], *, primary: bool = True) -> None:
        """Have somebody over there link two records, each a kind and an id."""
        self._tie(one, other, primary=primary)
        self.put(*one)

    def untie(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Have somebody over there take a link away."""
        del self.tied[one[0], other[0]][one[1], other[1]]
        self.put(*one)

    def ties(self, kind: str, to_kind: str) -> set[tuple[str, str]]:
        """Give the pairs that are linked there."""
        return set(self.tied.get((kind, to_kind), ()))

    def values(self, kind: str) -> list[Mapping[str, str | None]]:
        """Give the values of all that is there."""
        return [one.values for one in self.records[kind].values() if not one.archived]

    def asked(self, operation: str) -> int:
        """Count the calls of an operation."""
        return sum(name == operation for name, _kind in self.calls)

    def standard_fields(self, kind: str) -> StandardFields:
        """Name its fields."""
        return _NAMES[kind]

    def pipelines(self) -> tuple[Pipeline, ...]:
        """Give its only one."""
        return (Pipeline(id="p1", label="Elsewhere", stages=_STEPS),)

    def owners(self) -> tuple[Owner, ...]:
        """Give its people."""
        with self._call("owners", ""):
            return tuple(
                Owner(id=one, email=email, name=one, archived=False)
                for one, email in self.keepers.items()
            )

    def links(self, from_kind: str, to_kind: str, ids: tuple[str, ...]) -> tuple[Link, ...]:
        """Give the links of some records."""
        with self._call("links", from_kind):
            known = self.tied.get((from_kind, to_kind), {})
            return tuple(
                Link(from_id=one, to_id=other, primary=primary)
                for (one, other), primary in known.items()
                if one in ids and not self.records[to_kind][other].archived
            )

    def link(self, from_kind: str, to_kind: str, links: tuple[Link, ...]) -> BatchResult:
        """Link them; a company becomes the primary one where that is asked."""

        def link(one: Link) -> tuple[str | None, bool]:
            there = self._living(to_kind, one.to_id)
            if there is not None:
                self._tie((from_kind, one.from_id), (to_kind, there), primary=one.primary)
            return there, False

        with self._call("link", from_kind):
            return self._each(links, link)

    def unlink(self, from_kind: str, to_kind: str, links: tuple[Link, ...]) -> BatchResult:
        """Take them away."""
        with self._call("unlink", from_kind):
            for one in links:
                self.tied.get((from_kind, to_kind), {}).pop((one.from_id, one.to_id), None)
            return self._each(links, lambda one: (one.to_id, False))

    def changes(self, kind: str, _properties: tuple[str, ...], cursor: str) -> Page:
        """Give what changed since the cursor, a number of the order."""
        with self._call("changes", kind):
            begin = int(cursor or 0)
            rest = [(at, one) for at, one in enumerate(self.order) if at >= begin]
            mine = [(at, one) for at, (which, one) in rest if which == kind]
            found = mine[:_PAGE]
            end = found[-1][0] + 1 if len(mine) > _PAGE else len(self.order)
            records = tuple(self.records[kind][one] for one in dict.fromkeys(x for _, x in found))
            living = tuple(one for one in records if not one.archived)
            return Page(records=living, cursor=str(end), more=len(mine) > _PAGE)

    def archived(self, kind: str, _properties: tuple[str, ...], _cursor: str) -> Page:
        """Give what is archived."""
        with self._call("archived", kind):
            gone = tuple(one for one in self.records[kind].values() if one.archived)
            return Page(records=gone, cursor="", more=False)

    def search(self, kind: str, search: Search, _cursor: str) -> Page:
        """Find those with one of the values."""
        with self._call("search", kind):
            (condition,) = search.conditions
            found = [
                one
                for one in self.records[kind].values()
                if (one.values.get(condition.name) or "").lower() in condition.values
                and not one.archived
            ]
            return Page(records=tuple(found), cursor="", more=False)

    def read_many(
        self, kind: str, ids: tuple[str, ...], _properties: tuple[str, ...]
    ) -> BatchResult:
        """Read them."""
        with self._call("read_many", kind):
            return self._each(ids, lambda one: (self._living(kind, one), False))

    def create_many(self, kind: str, items: tuple[Mapping[str, str], ...]) -> BatchResult:
        """Make them."""
        with self._call("create_many", kind):
            return self._each(items, lambda one: (self._store(kind, "", one), True))

    def update_many(self, kind: str, changes: tuple[Change, ...]) -> BatchResult:
        """Change them."""
        with self._call("update_many", kind):
            return self._each(changes, lambda one: (self._changed(kind, one), False))

    def upsert_many(self, kind: str, changes: tuple[Change, ...], by: str) -> BatchResult:
        """Change or make them."""

        def upsert(one: Change) -> tuple[str | None, bool]:
            known = (x.id for x in self.records[kind].values() if x.values.get(by) == one.id)
            found = next(known, "")
            return self._store(kind, found, {by: one.id, **one.values}), not found

        with self._call("upsert_many", kind):
            return self._each(changes, upsert)

    def archive_many(self, kind: str, ids: tuple[str, ...]) -> BatchResult:
        """Archive them."""
        with self._call("archive_many", kind):
            living = [one for one in ids if one in self.records[kind]]
            for one in living:
                self.delete(kind, one)
            return self._each(ids, lambda one: (one, False))

    def _tie(self, one: tuple[str, str], other: tuple[str, str], *, primary: bool) -> None:
        known = self.tied.setdefault((one[0], other[0]), {})
        main = primary and other[0] == "company"
        for pair in known:
            known[pair] = known[pair] and not (main and pair[0] == one[1])
        known[one[1], other[1]] = main

    def _living(self, kind: str, record_id: str) -> str | None:
        found = self.records[kind].get(record_id)
        return None if found is None or found.archived else record_id

    def _changed(self, kind: str, change: Change) -> str | None:
        living = self._living(kind, change.id)
        return self._store(kind, living, change.values) if living else None

    def _store(self, kind: str, record_id: str, values: Mapping[str, str]) -> str:
        wrong = self.refuse(values)
        if wrong:
            raise ValueError(wrong)
        return self.put(kind, record_id, **{name: value or None for name, value in values.items()})

    def _each(self, items: Any, act: Callable[[Any], tuple[str | None, bool]]) -> BatchResult:
        kind = self.calls[-1][1]
        done, failed = [], []
        for index, one in enumerate(items):
            try:
                found, created = act(one)
            except ValueError as error:
                failed.append(Failed(index=index, code="refused", message=str(error)))
                continue
            if found is None:
                failed.append(Failed(index=index, code="not_found", message=f"no {kind} there"))
            else:
                record = self.records[kind].get(found)
                done.append(Done(index=index, id=found, record=record, created=created))
        return BatchResult(done=tuple(done), failed=tuple(failed))

    def _call(self, operation: str, kind: str) -> "_Call":
        return _Call(self, operation, kind)


@dataclass
class _Call:
    """One call: an error that waits ends it before anything is done, `after` when it is done."""

    crm: FarCrmInMemory
    operation: str
    kind: str

    def __enter__(self) -> None:
        self.crm.calls.append((self.operation, self.kind))
        waiting = self.crm.errors.get(self.operation)
        if waiting:
            raise waiting.pop(0)

    def __exit__(self, *_ending: object) -> None:
        then = self.crm.after.pop(self.operation, None)
        if then is not None:
            then()
