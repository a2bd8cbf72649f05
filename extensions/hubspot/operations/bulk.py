"""The operations on many records."""

from collections.abc import Mapping, Sequence
from typing import Any

from extensions.sdk.capabilities.crm_sync import BatchResult, Change, Done, Failed, Kind

from ..client import Api
from ..mapping import record
from .batches import TRACE, Numbered, each, joined, numbered, told, trace, traced
from .companies import upsert_by_domain
from .records import objects


class Bulk:
    """The operations that take up to a hundred."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read_many(
        self, kind: Kind, ids: tuple[str, ...], properties: tuple[str, ...], by: str = ""
    ) -> BatchResult:
        """Read many."""
        return each(numbered(ids), lambda items: self._read(kind, items, (properties, by)))

    def create_many(self, kind: Kind, items: tuple[Mapping[str, str], ...]) -> BatchResult:
        """Make many."""
        return self.create_numbered(kind, numbered(items))

    def update_many(self, kind: Kind, changes: tuple[Change, ...]) -> BatchResult:
        """Change many."""
        return self.update_numbered(kind, numbered(changes))

    def upsert_many(self, kind: Kind, changes: tuple[Change, ...], by: str) -> BatchResult:
        """Change or make many; HubSpot itself knows companies not by their domain."""
        if (kind, by) == ("company", "domain"):
            return upsert_by_domain(self, self._api, numbered(changes))
        return each(numbered(changes), lambda items: self._upsert(kind, items, by))

    def archive_many(self, kind: Kind, ids: tuple[str, ...]) -> BatchResult:
        """Put many away; HubSpot says nothing of those that are away already."""
        return each(numbered(ids), lambda items: self._archive(kind, items))

    def create_numbered(
        self, kind: Kind, items: Sequence[Numbered[Mapping[str, str]]]
    ) -> BatchResult:
        """Make some of those that were asked for."""
        return each(items, lambda part: self._create(kind, part))

    def update_numbered(self, kind: Kind, items: Sequence[Numbered[Change]]) -> BatchResult:
        """Change some of those that were asked for."""
        return each(items, lambda part: self._update(kind, part))

    def _read(
        self, kind: Kind, items: Sequence[Numbered[str]], wanted: tuple[tuple[str, ...], str]
    ) -> BatchResult:
        properties, by = wanted
        body: dict[str, Any] = {
            "inputs": [{"id": one.item} for one in items],
            "properties": sorted({*properties, *([by] if by else [])}),
            "propertiesWithHistory": [],
        }
        body |= {"idProperty": by} if by else {}
        return self._api.post(
            objects(kind, "batch", "read"),
            lambda got: _found(kind, got, items, by),
            body,
            effect="read",
        )

    def _create(self, kind: Kind, items: Sequence[Numbered[Mapping[str, str]]]) -> BatchResult:
        inputs = [{"properties": dict(one.item), TRACE: trace(one)} for one in items]
        values = {one.index: one.item for one in items}
        return self._api.post(
            objects(kind, "batch", "create"),
            lambda got: told(kind, got, traced(items), values),
            {"inputs": inputs},
        )

    def _update(self, kind: Kind, items: Sequence[Numbered[Change]]) -> BatchResult:
        keys = {one.item.id: one.index for one in items}
        return self._api.post(
            objects(kind, "batch", "update"),
            lambda got: told(kind, got, keys | traced(items)),
            {"inputs": [_input(one) for one in items]},
            effect="same",
        )

    def _upsert(self, kind: Kind, items: Sequence[Numbered[Change]], by: str) -> BatchResult:
        inputs = [_input(one) | {"idProperty": by} for one in items]
        values = {one.index: {by: one.item.id} for one in items}
        return self._api.post(
            objects(kind, "batch", "upsert"),
            lambda got: told(kind, got, traced(items), values),
            {"inputs": inputs},
            effect="same",
        )

    def _archive(self, kind: Kind, items: Sequence[Numbered[str]]) -> BatchResult:
        done = tuple(Done(index=one.index, id=one.item) for one in items)
        return self._api.post(
            objects(kind, "batch", "archive"),
            lambda _nothing: BatchResult(done=done, failed=()),
            {"inputs": [{"id": one.item} for one in items]},
            effect="same",
        )


def _input(one: Numbered[Change]) -> dict[str, Any]:
    return {"id": one.item.id, "properties": dict(one.item.values), TRACE: trace(one)}


def _found(
    kind: Kind, answer: Mapping[str, Any], items: Sequence[Numbered[str]], by: str
) -> BatchResult:
    records = [record(kind, one) for one in answer["results"]]
    known = {(one.values.get(by) or "").lower() if by else one.id: one for one in records}
    places = {one.index: one.item.lower() if by else one.item for one in items}
    done = tuple(
        Done(index=index, id=known[key].id, record=known[key])
        for index, key in places.items()
        if key in known
    )
    missing = tuple(
        Failed(index=index, code="not_found", message=f"HubSpot has no {kind} {key}.")
        for index, key in places.items()
        if key not in known
    )
    return joined(BatchResult(done=done, failed=missing))
