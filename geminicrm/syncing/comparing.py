"""Comparing which record another one belongs with, here and over there, by what both had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import Link
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.clock import parse_instant
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.syncing.merging import Conflict, Side, merge
from geminicrm.syncing.models import NEWEST, SyncAwaited, SyncLink
from geminicrm.syncing.pairing import Pairing, fail, settle
from geminicrm.syncing.ties import Pair, Partners, Tie, agree, agreed, chosen
from geminicrm.syncing.writing import fields_of, note_conflicts, told, write

SIDE: Final = "tie"
"""What `error_side` says of a record whose ties failed."""


@dataclass(slots=True)
class Theirs:
    """What the other side has: links by kind and id, and which agreed ones are gone themselves."""

    links: dict[str, dict[str, list[Link]]] = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)

    def of(self, tie: Tie, link: SyncLink) -> Sequence[Link]:
        """Give what one record is linked with there."""
        return self.links[tie.kind].get(str(link.far_id), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be linked there, if anything, and what is to be taken `away` for it, or ""."""

    from_id: str
    tie: Tie
    now: Pair
    away: str


class Comparing:
    """Compares those of one page, in one unit of work."""

    def __init__(
        self,
        work: Work,
        pairing: Pairing,
        theirs: Theirs,
        both: Sequence[tuple[SyncLink, Rest]],
    ) -> None:
        self._work = work
        self._pairing = pairing
        self._theirs = theirs
        self._partners = {tie: self._find(tie, both) for tie in pairing.ties}

    def compare(self, link: SyncLink, record: Rest) -> list[Wish]:
        """Take into our record what wins there; give what is to be given."""
        if link.error_side == SIDE:
            settle(link, SIDE)
        taken: dict[Tie, Pair] = {}
        wishes = [self._one(tie, link, record, taken) for tie in self._pairing.ties]
        if taken:
            self._take(link, record, taken)
        return [one for one in wishes if one is not None]

    def _one(self, tie: Tie, link: SyncLink, record: Rest, taken: dict[Tie, Pair]) -> Wish | None:
        partners, base, own = self._partners[tie], agreed(link, tie), record[tie.field] or ""
        there = self._counting(tie, link, record)
        here = base.here if there == base.there else partners.of_theirs(there)
        if here is None and self._pairing.reads:
            self._await(link, tie, there)
            return None
        # With no name of ours, theirs is at least another one.
        base_of, ours, theirs = ({str(tie.kind): one} for one in (base.here, own, here or there))
        merged = merge(base_of, ours, theirs, self._winner(link, record))
        if merged.conflicts:
            (conflict,) = merged.conflicts
            self._tell(tie, link, record, conflict)
            agree(link, tie, Pair(here or "", there))
        if merged.take and self._pairing.reads:
            taken[tie] = Pair(here or "", there)
        elif merged.give and self._pairing.writes:
            return self._give(tie, link, own, base)
        elif own == here:
            agree(link, tie, Pair(own, there))
        return None

    def _give(self, tie: Tie, link: SyncLink, own: str, base: Pair) -> Wish | None:
        there = self._partners[tie].of_ours(own)
        if there is None:
            self._await(link, tie, own)
            return None
        # Only what both had is taken away; what somebody added there stays beside it.
        old = any(one.to_id == base.there for one in self._theirs.of(tie, link))
        away = base.there if old and base.there != there else ""
        return Wish(from_id=str(link.far_id), tie=tie, now=Pair(own, there), away=away)

    def _take(self, link: SyncLink, record: Rest, taken: Mapping[Tie, Pair]) -> None:
        data: dict[str, Any] = {tie.field: one.here or None for tie, one in taken.items()}
        _, refused = write(self._work, self._pairing, record, data)
        if refused:
            fail(link, SIDE, told(refused))
        wrong = fields_of(refused)
        for tie, pair in taken.items():
            if tie.field not in wrong:
                agree(link, tie, pair)

    def _counting(self, tie: Tie, link: SyncLink, record: Rest) -> str:
        """Give the one that counts there.

        Where it went with its record, nobody took it away: that two records are one no longer is
        told at their link, and ours keeps what it belongs with.
        """
        base = agreed(link, tie)
        if base.there in self._theirs.gone[tie.kind]:
            return base.there
        ours = self._partners[tie].of_ours(record[tie.field] or "")
        return chosen(self._theirs.of(tie, link), base, ours)

    def _winner(self, link: SyncLink, record: Rest) -> Side:
        pairing = self._pairing
        if not pairing.reads:
            return "ours"
        if pairing.conflicts != NEWEST:
            return "theirs" if pairing.conflicts == "theirs" else "ours"
        if link.ties_side is not None:
            return "theirs" if link.ties_side == "theirs" else "ours"
        ours_at = parse_instant(record["updated_at"])
        return "theirs" if link.far_at is not None and link.far_at > ours_at else "ours"

    def _tell(self, tie: Tie, link: SyncLink, record: Rest, found: Conflict) -> None:
        names = self._partners[tie]
        named = Conflict(tie.kind, names.label(found.ours), names.label(found.theirs), found.winner)
        link.conflict = note_conflicts(self._work, self._pairing, record["id"], [named])

    def _await(self, link: SyncLink, tie: Tie, other_id: str) -> None:
        row = SyncAwaited(
            id=new_id("sawt"),
            workspace_id=self._work.workspace_id,
            link_id=link.id,
            kind=tie.kind,
            other_id=other_id,
        )
        self._work.session.add(row)

    def _find(self, tie: Tie, both: Sequence[tuple[SyncLink, Rest]]) -> Partners:
        ids = {record[tie.field] or "" for _, record in both}
        for link, _ in both:
            ids |= {one.to_id for one in self._theirs.of(tie, link)}
        return Partners(self._work, self._pairing.connection_id, tie.kind, ids - {""})
