"""Links between records: HubSpot's associations, version 4."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import BatchResult, Done, Failed, Kind, Link

from ..client import Api, after_of, path
from ..mapping import PLURAL
from .batches import Numbered, after_another, each, joined, numbered

# "HubSpot defined association types": a record has one primary company, and may have others.
# Source: developers.hubspot.com, "Associations v4", "Association type ID values".
_PRIMARY: Final[Mapping[tuple[Kind, Kind], int]] = MappingProxyType(
    {("contact", "company"): 1, ("deal", "company"): 5}
)
_HUBSPOTS: Final = "HUBSPOT_DEFINED"


class Associations:
    """The operations on links."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def links(self, from_kind: Kind, to_kind: Kind, ids: tuple[str, ...]) -> tuple[Link, ...]:
        """Give all links; a record with many has pages of its own."""
        where, primary = _where(from_kind, to_kind, "read"), _PRIMARY.get((from_kind, to_kind))
        asked = [{"id": one.item} for one in numbered(ids)]
        found: list[Link] = []
        while asked:
            results = self._api.post(
                where, lambda got: list(got["results"]), {"inputs": asked}, effect="read"
            )
            found += [link for one in results for link in _links(one, primary)]
            rest = ((one["from"]["id"], after_of(one)) for one in results)
            asked = [{"id": str(one), "after": after} for one, after in rest if after]
        return tuple(found)

    def link(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Link pairs, without a label but for primary ones; asked twice it is the same."""
        usual = _where(from_kind, to_kind, "associate", "default")
        main = _where(from_kind, to_kind, "create")
        primary = _PRIMARY.get((from_kind, to_kind))
        items = numbered(links)
        first = [one for one in items if primary is not None and one.item.primary]
        rest = [one for one in items if one not in first]
        send = after_another if first else each
        return joined(
            each(first, lambda part: self._label(main, part, primary)),
            send(rest, lambda part: self._link(usual, part)),
        )

    def unlink(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Take links away; HubSpot says nothing of those that are not there."""
        where = _where(from_kind, to_kind, "archive")
        return each(numbered(links), lambda items: self._unlink(where, items))

    def _link(self, where: str, items: Sequence[Numbered[Link]]) -> BatchResult:
        body = {"inputs": [_pair(one.item) for one in items]}
        return self._api.post(where, lambda got: _linked(items, got), body, effect="same")

    def _label(self, where: str, items: Sequence[Numbered[Link]], label: int | None) -> BatchResult:
        types = [{"associationCategory": _HUBSPOTS, "associationTypeId": label}]
        inputs = [{**_pair(one.item), "types": types} for one in items]
        return self._api.post(
            where, lambda got: _labelled(items, got), {"inputs": inputs}, effect="same"
        )

    def _unlink(self, where: str, items: Sequence[Numbered[Link]]) -> BatchResult:
        inputs = [
            {"from": {"id": one.item.from_id}, "to": [{"id": one.item.to_id}]} for one in items
        ]
        done = tuple(Done(index=one.index, id=one.item.to_id) for one in items)
        return self._api.post(
            where,
            lambda _nothing: BatchResult(done=done, failed=()),
            {"inputs": inputs},
            effect="same",
        )


def _where(from_kind: Kind, to_kind: Kind, *what: str) -> str:
    return path("crm", "v4", "associations", PLURAL[from_kind], PLURAL[to_kind], "batch", *what)


def _pair(link: Link) -> dict[str, Any]:
    return {"from": {"id": link.from_id}, "to": {"id": link.to_id}}


def _links(one: Mapping[str, Any], primary: int | None) -> Iterator[Link]:
    for other in one["to"]:
        kinds = other["associationTypes"]
        labels = (kind.get("label") for kind in kinds)
        yield Link(
            from_id=str(one["from"]["id"]),
            to_id=str(other["toObjectId"]),
            labels=tuple(str(label) for label in labels if label),
            # By its number: an account may have a label of its own with the same name.
            primary=any(
                (kind.get("category"), kind.get("typeId")) == (_HUBSPOTS, primary) for kind in kinds
            ),
        )


def _linked(items: Sequence[Numbered[Link]], answer: Mapping[str, Any]) -> BatchResult:
    return _paired(
        items, answer, {(str(one["from"]["id"]), str(one["to"]["id"])) for one in answer["results"]}
    )


def _labelled(items: Sequence[Numbered[Link]], answer: Mapping[str, Any]) -> BatchResult:
    return _paired(
        items,
        answer,
        {(str(one["fromObjectId"]), str(one["toObjectId"])) for one in answer["results"]},
    )


def _paired(
    items: Sequence[Numbered[Link]], answer: Mapping[str, Any], pairs: set[tuple[str, str]]
) -> BatchResult:
    errors = answer.get("errors") or ()
    first: Mapping[str, Any] = errors[0] if errors else {}
    code, message = str(first.get("category") or "not_linked"), str(first.get("message") or "")
    missing = tuple(
        Failed(index=one.index, code=code, message=message or "HubSpot did not link these.")
        for one in items
        if (one.item.from_id, one.item.to_id) not in pairs
    )
    left = {one.index for one in missing}
    done = tuple(Done(index=one.index, id=one.item.to_id) for one in items if one.index not in left)
    return joined(BatchResult(done=done, failed=missing))
