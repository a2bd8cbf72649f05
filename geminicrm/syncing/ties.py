"""Which record another one belongs with: what is compared, and what is made of it.

A record of ours belongs with one company and one contact at most. The other side may have several:
the one that counts there is the primary one, else the one that both sides had, else ours.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import or_, select

from extensions.sdk.capabilities.crm_sync import Kind, Link
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.work import Work
from geminicrm.syncing.models import GONE, SyncLink


@dataclass(frozen=True, slots=True)
class Tie:
    """A field of ours that names a record of `kind`."""

    kind: Kind
    field: str


_COMPANY: Final = Tie("company", "company_id")
TIES: Final[Mapping[str, tuple[Tie, ...]]] = MappingProxyType(
    {"company": (), "contact": (_COMPANY,), "deal": (_COMPANY, Tie("contact", "contact_id"))}
)
"""What each kind belongs with."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same record here and there; "" where it is on no or not known on this side."""

    here: str = ""
    there: str = ""


def agreed(link: SyncLink, tie: Tie) -> Pair:
    """Give what both sides had last."""
    return Pair(*link.ties.get(tie.kind, ("", "")))


def agree(link: SyncLink, tie: Tie, pair: Pair) -> None:
    """Remember what both sides have."""
    link.ties = {**link.ties, tie.kind: [pair.here, pair.there]}


def changed_here(link: SyncLink, record: Rest, ties: Sequence[Tie]) -> bool:
    """Tell whether a record of ours belongs with another one than both had."""
    return any((record[tie.field] or "") != agreed(link, tie).here for tie in ties)


class Partners:
    """Finds the records that others belong with, of one connection and kind."""

    def __init__(self, work: Work, connection_id: str, kind: Kind, ids: Collection[str]) -> None:
        query = select(SyncLink).where(
            SyncLink.connection_id == connection_id,
            SyncLink.kind == kind,
            or_(SyncLink.record_id.in_(ids), SyncLink.far_id.in_(ids)),
            SyncLink.record_id.is_not(None),
            SyncLink.far_id.is_not(None),
            SyncLink.state != GONE,
        )
        rows = work.session.scalars(query).all() if ids else ()
        self._here = {str(row.record_id): row for row in rows}
        self._there = {str(row.far_id): row for row in rows}

    def of_ours(self, record_id: str) -> str | None:
        """Give the id over there of a record of ours; None where it is not linked, "" for none."""
        row = self._here.get(record_id)
        return "" if not record_id else None if row is None else row.far_id

    def of_theirs(self, far_id: str) -> str | None:
        """Give our id of a record of theirs; None where it is not linked, "" for none."""
        row = self._there.get(far_id)
        return "" if not far_id else None if row is None else row.record_id

    def label(self, record_id: str) -> str:
        """Name a record of ours for people."""
        row = self._here.get(record_id)
        return record_id if row is None else row.label or record_id


def chosen(links: Sequence[Link], base: Pair, ours: str | None) -> str:
    """Give the id of the one that counts among those that a record has there; "" for none."""
    found = {one.to_id for one in links}
    primary = next((one.to_id for one in links if one.primary), "")
    known = (one for one in (base.there, ours or "") if one in found)
    return primary or next(known, min(found, default=""))
