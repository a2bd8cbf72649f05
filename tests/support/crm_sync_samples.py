"""Arguments for each operation of the contract `crm_sync`, for any kind of record."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import (
    Change,
    Condition,
    Kind,
    Link,
    NewProperty,
    Search,
)

NAMES: Final[Mapping[Kind, str]] = MappingProxyType(
    {"contact": "email", "company": "name", "deal": "dealname"}
)
CRM_NAMES: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        "contact": ("first_name", "last_name", "email", "phone", "title", "owner"),
        "company": ("name", "domain", "phone", "address", "owner"),
        "deal": ("name", "amount", "currency", "expected_close_on", "pipeline", "stage", "owner"),
    }
)
_SEARCH: Final = Search(
    conditions=(
        Condition(name="city", test="is", values=("Porto",)),
        Condition(name="zip", test="one_of", values=("4000", "4050")),
        Condition(name="phone", test="is_set"),
    ),
    words="bakery",
    properties=("city",),
)


def reading(kind: Kind) -> dict[str, dict[str, Any]]:
    """Give what changes nothing, by operation."""
    name = NAMES[kind]
    return {
        "changes": {"kind": kind, "properties": (name,)},
        "archived": {"kind": kind, "properties": (name,)},
        "search": {"kind": kind, "search": _SEARCH},
        "read": {"kind": kind, "record_id": "1", "properties": (name,)},
        "read_many": {"kind": kind, "ids": ("1", "2"), "properties": (name,)},
        "links": {"from_kind": kind, "to_kind": "deal", "ids": ("1", "2")},
        "owners": {},
        "properties": {"kind": kind},
        "standard_fields": {"kind": kind},
        "pipelines": {},
    }


def writing(kind: Kind) -> dict[str, dict[str, Any]]:
    """Give what writes, by operation."""
    values = {NAMES[kind]: "ana@example.com"}
    change = Change(id="1", values=values)
    links = (Link(from_id="1", to_id="2"),)
    return {
        "create": {"kind": kind, "values": values},
        "create_many": {"kind": kind, "items": (values, values)},
        "update": {"kind": kind, "change": change, "by": "our_id"},
        "update_many": {"kind": kind, "changes": (change,)},
        "upsert_many": {"kind": kind, "changes": (change,), "by": "our_id"},
        "archive": {"kind": kind, "record_id": "1"},
        "archive_many": {"kind": kind, "ids": ("1", "2")},
        "link": {"from_kind": kind, "to_kind": "deal", "links": links},
        "unlink": {"from_kind": kind, "to_kind": "deal", "links": links},
        "create_property": {
            "kind": kind,
            "new": NewProperty(name="our_id", label="Our id", unique=True),
        },
    }
