"""Companies by their domain, which is no unique property at HubSpot: looked for, then written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from extensions.sdk.capabilities.crm_sync import BatchResult, Change, Failed, FarRecord, Kind

from ..client import Api
from .batches import Numbered, after_another, each, joined
from .records import find

_KIND: Final[Kind] = "company"
_DOMAIN: Final = "domain"


class Writes(Protocol):
    """What makes and changes records."""

    def create_numbered(
        self, kind: Kind, items: Sequence[Numbered[Mapping[str, str]]]
    ) -> BatchResult:
        """Make some."""
        ...

    def update_numbered(self, kind: Kind, items: Sequence[Numbered[Change]]) -> BatchResult:
        """Change some."""
        ...


def upsert_by_domain(writes: Writes, api: Api, items: Sequence[Numbered[Change]]) -> BatchResult:
    """Change the oldest company of each domain, and make those that are not to be found.

    Of a domain that stands twice in what is asked, only the first may make a company.
    """
    if not items:
        return BatchResult(done=(), failed=())
    known = _known(api, sorted({_key(one) for one in items}))
    there = [
        Numbered(one.index, Change(id=known[_key(one)], values=one.item.values))
        for one in items
        if _key(one) in known
    ]
    new = {_key(one): one for one in reversed(items) if _key(one) not in known}
    twice = tuple(
        Failed(index=one.index, code="repeated", message=f"{one.item.id} stands here twice.")
        for one in items
        if _key(one) in new and new[_key(one)] is not one
    )
    updated = writes.update_numbered(_KIND, there)
    fresh: list[Numbered[Mapping[str, str]]] = [
        Numbered(one.index, {**one.item.values, _DOMAIN: key}) for key, one in new.items()
    ]
    send = after_another if there else each
    made = send(fresh, lambda part: writes.create_numbered(_KIND, part))
    created = tuple(replace(one, created=True) for one in made.done)
    return joined(
        updated,
        BatchResult(done=created, failed=made.failed),
        BatchResult(done=(), failed=twice),
    )


def _known(api: Api, domains: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    cursor = ""
    while True:
        page = find(api, _KIND, _asked(domains, cursor))
        for one in page.records:
            found.setdefault(_domain(one), one.id)
        if not page.more:
            return found
        cursor = page.cursor


def _asked(domains: Sequence[str], cursor: str) -> dict[str, object]:
    wanted = {"propertyName": _DOMAIN, "operator": "IN", "values": list(domains)}
    return {
        "filterGroups": [{"filters": [wanted]}],
        "sorts": [{"propertyName": "createdate", "direction": "ASCENDING"}],
        "properties": [_DOMAIN],
        "after": cursor or None,
    }


def _key(one: Numbered[Change]) -> str:
    return one.item.id.strip().lower()


def _domain(one: FarRecord) -> str:
    return (one.values.get(_DOMAIN) or "").lower()
