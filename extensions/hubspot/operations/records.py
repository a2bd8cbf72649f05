"""Records one at a time, and searches."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from extensions.sdk.capabilities.crm_sync import (
    Change,
    Condition,
    FarRecord,
    Kind,
    Page,
    Search,
    Test,
)
from extensions.sdk.service_errors import ServiceRefused

from ..client import Api, after_of, path
from ..mapping import PLURAL, record

PAGE: Final = 100
FOUND_AT_MOST: Final = 10_000
"""How far HubSpot's search goes, whatever it has."""
_OPERATORS: Final[Mapping[Test, str]] = MappingProxyType(
    {
        "is": "EQ",
        "is_not": "NEQ",
        "one_of": "IN",
        "at_least": "GTE",
        "at_most": "LTE",
        "has_word": "CONTAINS_TOKEN",
        "is_set": "HAS_PROPERTY",
    }
)


class Records:
    """The operations on single records."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read(
        self, kind: Kind, record_id: str, properties: tuple[str, ...], by: str = ""
    ) -> FarRecord:
        """Read one."""
        return self._api.get(
            objects(kind, record_id),
            lambda found: record(kind, found),
            properties=",".join(properties),
            idProperty=by,
        )

    def create(self, kind: Kind, values: Mapping[str, str]) -> FarRecord:
        """Make one."""
        body = {"properties": dict(values)}
        return self._api.post(objects(kind), lambda made: record(kind, made), body)

    def update(self, kind: Kind, change: Change, by: str = "") -> FarRecord:
        """Change one."""
        query = f"?{urlencode({'idProperty': by})}" if by else ""
        where = f"{objects(kind, change.id)}{query}"
        body = {"properties": dict(change.values)}
        return self._api.patch(where, lambda made: record(kind, made), body)

    def archive(self, kind: Kind, record_id: str) -> None:
        """Put one away."""
        self._api.delete(objects(kind, record_id))

    def archived(self, kind: Kind, properties: tuple[str, ...], cursor: str = "") -> Page:
        """Give what is archived; HubSpot forgets it for good after 90 days."""
        return self._api.get(
            objects(kind),
            lambda found: page(kind, found),
            archived="true",
            limit=PAGE,
            properties=",".join(properties),
            after=cursor,
        )

    def search(self, kind: Kind, search: Search, cursor: str = "") -> Page:
        """Find records."""
        body: dict[str, Any] = {"properties": list(search.properties), "after": cursor or None}
        if search.conditions:
            filters = [_filter(one) for one in search.conditions]
            body["filterGroups"] = [{"filters": filters}]
        if search.words:
            body["query"] = search.words
        return find(self._api, kind, body)


def objects(kind: Kind, *parts: str) -> str:
    """Give the path of a kind, or of something of it."""
    return path("crm", "v3", "objects", PLURAL[kind], *parts)


def page(kind: Kind, found: Mapping[str, Any]) -> Page:
    """Read a page of records."""
    after = after_of(found)
    records = tuple(record(kind, one) for one in found["results"])
    return Page(records=records, cursor=after, more=bool(after))


def find(api: Api, kind: Kind, body: Mapping[str, Any]) -> Page:
    """Ask the search. ServiceRefused beyond what it ever gives."""
    after = str(body.get("after") or "0")
    if not after.isdigit() or int(after) + PAGE > FOUND_AT_MOST:
        raise ServiceRefused(
            f"HubSpot's search gives no more than {FOUND_AT_MOST} records.",
            mend="Narrow the search.",
            service_code="SEARCH_LIMIT",
        )
    asked = {name: value for name, value in body.items() if value is not None} | {"limit": PAGE}
    return api.post(objects(kind, "search"), lambda found: page(kind, found), asked, effect="read")


def _filter(condition: Condition) -> dict[str, Any]:
    made: dict[str, Any] = {
        "propertyName": condition.name,
        "operator": _OPERATORS[condition.test],
    }
    if condition.test == "one_of":
        # HubSpot compares with its own values in small letters.
        return made | {"values": [value.lower() for value in condition.values]}
    return made | ({"value": condition.values[0]} if condition.values else {})
