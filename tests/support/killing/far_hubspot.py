"""As much of HubSpot as a sync asks: records that stay, searches, batches, links."""

import itertools
import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
_TESTS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "GTE": operator.ge,
    "LTE": operator.le,
    "EQ": operator.eq,
    "GT": operator.gt,
}


@dataclass
class FarHubSpot:
    """`records` are by kind and id, in the order in which they were made; `links` are pairs."""

    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"contacts": {}, "companies": {}, "deals": {}}
    )
    links: set[tuple[str, str]] = field(default_factory=set)
    _moments: "itertools.count[int]" = field(default_factory=itertools.count)

    def put(self, kind: str, record_id: str = "", /, **properties: str) -> dict[str, Any]:
        """Make or change a record, a second after the last one."""
        record_id = record_id or str(100 + sum(map(len, self.records.values())))
        old = self.records[kind].pop(record_id, {"properties": {}})  # the latest stands last
        moment = datetime.fromisoformat(AT) + timedelta(seconds=next(self._moments))
        values = {**old["properties"], **properties, "hs_object_id": record_id}
        known = {name: value for name, value in values.items() if "lastmodified" not in name}
        made = record(record_id, moment.isoformat().replace("+00:00", "Z"), **known)
        self.records[kind][record_id] = made
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
        filters = given["filterGroups"][0]["filters"]
        found = [
            one
            for one in self.records[kind].values()
            if all(_fits(each, one["properties"]) for each in filters)
        ]
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
        changed = self.put(kind, found["id"], **one["properties"])
        return _traced({**changed, "new": False}, one)

    def _update(self, kind: str, given: _Given) -> tuple[int, Any]:
        changed = [
            _traced(self.put(kind, one["id"], **one["properties"]), one) for one in given["inputs"]
        ]
        return 200, {**BATCH, "results": changed}

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


def _fits(one: _Given, properties: Mapping[str, str]) -> bool:
    value = properties.get(one["propertyName"], "")
    if one["operator"] == "IN":
        return value in one["values"]
    return _TESTS[one["operator"]](_number(value), int(one["value"]))


def _number(value: str) -> int:
    """Give a moment in milliseconds, and any other number as it is."""
    return int(value) if value.isdigit() else int(datetime.fromisoformat(value).timestamp() * 1000)


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
