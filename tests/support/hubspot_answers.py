"""Answers of HubSpot as its description has them, for the tests that prepare some."""

from typing import Any

AT = "2026-01-15T10:00:00Z"
BATCH = {"status": "COMPLETE", "startedAt": AT, "completedAt": AT}
NOTHING: dict[str, Any] = {"total": 0, "results": []}
OWNERS = {
    "results": [
        {
            "id": "41",
            "email": "Ann@x.example",
            "type": "PERSON",
            "archived": False,
            "createdAt": AT,
            "updatedAt": AT,
        }
    ]
}


def record(record_id: str, updated: str = AT, **properties: str) -> dict[str, Any]:
    """Give a record with some properties."""
    stamps = {"lastmodifieddate": updated, "hs_lastmodifieddate": updated}
    return {
        "id": record_id,
        "properties": {**properties, **stamps},
        "createdAt": AT,
        "updatedAt": updated,
        "archived": False,
    }


def found(*records: dict[str, Any]) -> dict[str, Any]:
    """Give what a search finds."""
    return {"total": len(records), "results": list(records)}


def linked(from_id: str, to_id: str, primary: int) -> dict[str, Any]:
    """Give the answer that one record is linked with its primary company."""
    kinds = [{"category": "HUBSPOT_DEFINED", "typeId": primary, "label": "Primary"}]
    to = [{"toObjectId": to_id, "associationTypes": kinds}]
    return {**BATCH, "results": [{"from": {"id": from_id}, "to": to}]}
