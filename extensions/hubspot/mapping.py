"""HubSpot's names for the kinds of records, and records as the contract has them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import FarRecord, Kind, StandardFields

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
# Sizes and industries are left out: HubSpot takes a number, and one of its own list.
STANDARD: Final[Mapping[Kind, StandardFields]] = MappingProxyType(
    {
        "contact": StandardFields(
            names={
                "first_name": "firstname",
                "last_name": "lastname",
                "email": "email",
                "phone": "phone",
                "title": "jobtitle",
                "owner": "hubspot_owner_id",
            },
            key="email",
        ),
        "company": StandardFields(
            names={
                "name": "name",
                "domain": "domain",
                "phone": "phone",
                "address": "address",
                "owner": "hubspot_owner_id",
            },
            key="domain",
        ),
        "deal": StandardFields(
            names={
                "name": "dealname",
                "amount": "amount",
                "currency": "deal_currency_code",
                "expected_close_on": "closedate",
                "pipeline": "pipeline",
                "stage": "dealstage",
                "owner": "hubspot_owner_id",
            },
        ),
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
