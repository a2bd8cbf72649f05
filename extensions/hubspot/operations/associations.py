"""Links between records: HubSpot's associations, version 4."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extensions.sdk.capabilities.crm_sync import BatchResult, Done, Failed, Kind, Link

from ..client import Api, after_of, path
from ..mapping import PLURAL
from .batches import Numbered, each, joined, numbered


class Associations:
    """The operations on links."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def links(self, from_kind: Kind, to_kind: Kind, ids: tuple[str, ...]) -> tuple[Link, ...]:
        """Give all links; a record with many has pages of its own."""
        where = _where(from_kind, to_kind, "read")
        asked = [{"id": one.item} for one in numbered(ids)]
        found: list[Link] = []
        while asked:
            results = self._api.post(
                where, lambda got: list(got["results"]), {"inputs": asked}, effect="read"
            )
            found += [link for one in results for link in _links(one)]
            rest = ((one["from"]["id"], after_of(one)) for one in results)
            asked = [{"id": str(one), "after": after} for one, after in rest if after]
        return tuple(found)

    def link(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Link pairs, without a label; asked twice it is the same."""
        where = _where(from_kind, to_kind, "associate", "default")
        return each(numbered(links), lambda items: self._link(where, items))

    def unlink(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Take links away; HubSpot says nothing of those that are not there."""
        where = _where(from_kind, to_kind, "archive")
        return each(numbered(links), lambda items: self._unlink(where, items))

    def _link(self, where: str, items: Sequence[Numbered[Link]]) -> BatchResult:
        inputs = [{"from": {"id": one.item.from_id}, "to": {"id": one.item.to_id}} for one in items]
        body = {"inputs": inputs}
        return self._api.post(where, lambda got: _linked(items, got), body, effect="same")

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


def _links(one: Mapping[str, Any]) -> Iterator[Link]:
    for other in one["to"]:
        labels = (kind.get("label") for kind in other["associationTypes"])
        named = tuple(str(label) for label in labels if label)
        yield Link(from_id=str(one["from"]["id"]), to_id=str(other["toObjectId"]), labels=named)


def _linked(items: Sequence[Numbered[Link]], answer: Mapping[str, Any]) -> BatchResult:
    pairs = {(str(one["from"]["id"]), str(one["to"]["id"])) for one in answer["results"]}
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
