"""As much of HubSpot as a sync asks: records that stay, searches, batches, links."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.hubspot_answers import AT, BATCH, OWNERS, record

_PAGE: Final = 100
_PIPELINE: Final = {
    "id": "p1",
    "label": "Sales",
    "displayOrder": 0,
    "archived": False,
    "createdAt": AT,
    "updatedAt": AT,
    "stages": [
        {
            "id": f"s{at}",
            "label": label,
            "displayOrder": at,
            "archived": False,
            "createdAt": AT,
            "updatedAt": AT,
            "metadata": {"isClosed": "false", "probability": "0.1"},
        }
        for at, label in enumerate(("Prospecting", "Qualification"))
    ],
}
_Given = Mapping[str, Any]


@dataclass
class FarHubSpot:
    """`records` are by kind and id, in the order in which they were made; `links` are pairs."""

    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"contacts": {}, "companies": {}, "deals": {}}
    )
    links: set[tuple[str, str]] = field(default_factory=set)

    def put(self, kind: str, **properties: str) -> dict[str, Any]:
        """Make a record."""
        made = record(str(100 + sum(map(len, self.records.values()))), **properties)
        self.records[kind][made["id"]] = made
        return made

    def take(self, call: dict[str, Any]) -> tuple[int, Any]:
        """Do what is asked."""
        parts = call["path"].strip("/").split("/")
        given = json.loads(call["body"] or "{}")
        if parts[1:3] == ["v3", "owners"]:
            return 200, OWNERS
        if parts[2] == "pipelines":
            return 200, {"results": [_PIPELINE]}
        if parts[2] == "associations":
            return self._link(parts[-1], given)
        deeds: dict[str, Callable[[str, _Given], tuple[int, Any]]] = {
            "search": self._search,
            "read": self._read,
            "create": self._create,
            "upsert": self._upsert,
            "update": self._update,
        }
        kind, deed = parts[3], deeds.get(parts[-1])
        return (200, {"results": []}) if deed is None else deed(kind, given)

    def _search(self, kind: str, given: _Given) -> tuple[int, Any]:
        found = list(self.records[kind].values())
        for one in given["filterGroups"][0]["filters"]:
            if one["operator"] == "IN":
                name, wanted = one["propertyName"], one["values"]
                found = [each for each in found if each["properties"].get(name) in wanted]
        begin = int(given.get("after", 0))
        page = {"total": len(found), "results": found[begin : begin + _PAGE]}
        if len(found) > begin + _PAGE:
            page["paging"] = {"next": {"after": str(begin + _PAGE)}}
        return 200, page

    def _read(self, kind: str, given: _Given) -> tuple[int, Any]:
        ids = [one["id"] for one in given["inputs"]]
        found = [self.records[kind][one] for one in ids if one in self.records[kind]]
        return 200, {**BATCH, "results": found}

    def _create(self, kind: str, given: _Given) -> tuple[int, Any]:
        made = [_traced(self.put(kind, **one["properties"]), one) for one in given["inputs"]]
        return 201, {**BATCH, "results": made}

    def _upsert(self, kind: str, given: _Given) -> tuple[int, Any]:
        return 200, {**BATCH, "results": [self._upserted(kind, one) for one in given["inputs"]]}

    def _upserted(self, kind: str, one: _Given) -> dict[str, Any]:
        key = one["idProperty"]
        known = self.records[kind].values()
        found = next((each for each in known if each["properties"].get(key) == one["id"]), None)
        if found is None:
            made = self.put(kind, **{key: one["id"], **one["properties"]})
            return _traced({**made, "new": True}, one)
        found["properties"] |= one["properties"]
        return _traced({**found, "new": False}, one)

    def _update(self, kind: str, given: _Given) -> tuple[int, Any]:
        results = []
        for one in given["inputs"]:
            found = self.records[kind][one["id"]]
            found["properties"] |= one["properties"]
            results.append(_traced(found, one))
        return 200, {**BATCH, "results": results}

    def _link(self, deed: str, given: _Given) -> tuple[int, Any]:
        if deed == "read":
            return 200, {**BATCH, "results": [self._linked(one["id"]) for one in given["inputs"]]}
        pairs = [(one["from"]["id"], one["to"]["id"]) for one in given["inputs"]]
        self.links |= set(pairs)
        made = [_pair(deed, *pair) for pair in pairs]
        return 201, {**BATCH, "results": made}

    def _linked(self, from_id: str) -> dict[str, Any]:
        kinds = [{"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}]
        to = [
            {"toObjectId": other, "associationTypes": kinds}
            for one, other in sorted(self.links)
            if one == from_id
        ]
        return {"from": {"id": from_id}, "to": to}


def _traced(one: dict[str, Any], asked: _Given) -> dict[str, Any]:
    return {**one, "objectWriteTraceId": asked.get("objectWriteTraceId")}


def _pair(deed: str, one: str, other: str) -> dict[str, Any]:
    if deed == "default":
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}
        return {"from": {"id": one}, "to": {"id": other}, "associationSpec": spec}
    return {
        "fromObjectTypeId": "0-1",
        "fromObjectId": one,
        "toObjectTypeId": "0-2",
        "toObjectId": other,
        "labels": ["Primary"],
    }
