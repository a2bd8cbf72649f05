"""HubSpot's names for the kinds of records, and records as the contract has them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import FarRecord, Kind

PLURAL: Final[Mapping[Kind, str]] = MappingProxyType(
    {"contact": "contacts", "company": "companies", "deal": "deals"}
)
# Contacts came first, before names began with hs_.
CHANGED_AT: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "contact": "lastmodifieddate",
        "company": "hs_lastmodifieddate",
        "deal": "hs_lastmodifieddate",
    }
)


def record(kind: Kind, data: Mapping[str, Any]) -> FarRecord:
    """Read one. HubSpot counts no versions: the moment of the last change stands for it."""
    return FarRecord(
        kind=kind,
        id=str(data["id"]),
        values={
            name: None if one is None else str(one) for name, one in data["properties"].items()
        },
        created_at=datetime.fromisoformat(data["createdAt"]),
        updated_at=datetime.fromisoformat(data["updatedAt"]),
        version=data["updatedAt"],
        archived=data.get("archived") is True,
    )
