"""HubSpot's change events: which records they are about.

Source: developers.hubspot.com, "Webhooks", "Generic webhook subscriptions": `contact.creation` and
the like name the kind, `object.creation` and the like the object's type by its id.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.webhooks import Changed

_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contact": "contact",
        "company": "company",
        "deal": "deal",
        "0-1": "contact",
        "0-2": "company",
        "0-3": "deal",
    }
)
_GONE: Final = frozenset({"deletion", "privacyDeletion"})
# A merge names what it made of which; what was merged away is gone. Associations are not synced.
_PLACES: Final = ("objectId", "primaryObjectId", "newObjectId")


def changes_of(kind: str, data: Mapping[str, Any]) -> tuple[Changed, ...]:
    """Give the records of a kind that is synced; none for any other."""
    noun, _, happened = kind.partition(".")
    known = _KINDS.get(str(data.get("objectTypeId", "")) if noun == "object" else noun)
    if known is None:
        return ()
    named = [str(data[place]) for place in _PLACES if _is_id(data.get(place))]
    merged = [str(one) for one in _merged(data) if _is_id(one)]
    found = [_changed(known, one, gone=happened in _GONE) for one in named if one not in merged]
    found += [_changed(known, one, gone=True) for one in merged]
    return tuple(dict.fromkeys(found))


def _merged(data: Mapping[str, Any]) -> list[Any]:
    merged = data.get("mergedObjectIds")
    return merged if isinstance(merged, list) else []


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and bool(value)


def _changed(kind: str, identifier: str, *, gone: bool) -> Changed:
    return Changed(capability="crm_sync", kind=kind, id=identifier, gone=gone)
