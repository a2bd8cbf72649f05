"""Keeping the same which record belongs with which: a contact's company, a deal's two.

It comes after the records themselves, so that both ends are there whichever came first. One whose
other end is not linked yet is remembered, and looked at again once that is.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import aliased

from extensions.sdk.capabilities.crm_sync import MOST_AT_ONCE, BatchResult, Link
from geminicrm.kernel.work import Work, Works
from geminicrm.syncing.comparing import SIDE, Comparing, Theirs, Wish
from geminicrm.syncing.models import AGAIN, FAILED, GONE, OK, SyncAwaited, SyncLink
from geminicrm.syncing.pairing import Pairing, fail
from geminicrm.syncing.pulling import repeat
from geminicrm.syncing.ties import Pair, Tie, agree, agreed

_RETRY: Final = timedelta(minutes=30)
_LIVING: Final = (OK, FAILED, AGAIN)


class Tying:
    """Compares and gives for one kind of one connection."""

    def __init__(self, works: Works, pairing: Pairing) -> None:
        self._works = works
        self._pairing = pairing

    def wake(self) -> None:
        """Have those looked at whose other end is linked by now."""
        pairing, other = self._pairing, aliased(SyncLink)
        linked = and_(
            other.connection_id == SyncLink.connection_id,
            other.kind == SyncAwaited.kind,
            or_(other.record_id == SyncAwaited.other_id, other.far_id == SyncAwaited.other_id),
            other.record_id.is_not(None),
            other.far_id.is_not(None),
            other.state != GONE,
        )
        query = (
            select(SyncLink)
            .join(SyncAwaited, SyncAwaited.link_id == SyncLink.id)
            .join(other, linked)
            .where(SyncLink.connection_id == pairing.connection_id, SyncLink.kind == pairing.kind)
        )
        with self._works.write(pairing.actor) as work:
            for link in work.session.scalars(query):
                link.ties_due = work.now

    def page(self) -> int:
        """Compare the next that are due; tell how many were. Raises SdkError."""
        with self._works.read(self._pairing.actor) as work:
            due = self._due(work)
            bases = {
                tie: {str(one.far_id): agreed(one, tie) for one in due}
                for tie in self._pairing.ties
            }
            ids = {str(one.far_id): one.id for one in due}
        if not ids:
            return 0
        theirs = Theirs()
        for tie, known in bases.items():
            self._ask(tie, known, theirs)
        self._send(repeat(lambda: self._settle(ids, theirs)))
        return len(ids)

    def _due(self, work: Work) -> Sequence[SyncLink]:
        query = select(SyncLink).where(
            SyncLink.connection_id == self._pairing.connection_id,
            SyncLink.kind == self._pairing.kind,
            SyncLink.ties_due <= work.now,
            SyncLink.record_id.is_not(None),
            SyncLink.far_id.is_not(None),
            SyncLink.state.in_(_LIVING),
        )
        order = query.order_by(SyncLink.ties_due, SyncLink.id)
        return work.session.scalars(order.limit(MOST_AT_ONCE)).all()

    def _ask(self, tie: Tie, known: dict[str, Pair], theirs: Theirs) -> None:
        """Read the links there; of an agreed one that is missing, whether its record is."""
        far = self._pairing.far
        found: dict[str, list[Link]] = {}
        for one in far.links(self._pairing.kind, tie.kind, tuple(known)):
            found.setdefault(one.from_id, []).append(one)
        missing = {
            base.there
            for far_id, base in known.items()
            if base.there and all(one.to_id != base.there for one in found.get(far_id, ()))
        }
        ids = tuple(sorted(missing))
        failed = far.read_many(tie.kind, ids, ()).failed if ids else ()
        theirs.links[tie.kind] = found
        theirs.gone[tie.kind] = {ids[one.index] for one in failed}

    def _settle(self, ids: dict[str, str], theirs: Theirs) -> list[Wish]:
        """Merge what was read with ours as they are now; give what is left to be sent."""
        with self._works.write(self._pairing.actor) as work:
            links = self._pairing.by_far(work, list(ids))
            records = self._pairing.records(work, [str(one.record_id) for one in links.values()])
            work.session.execute(delete(SyncAwaited).where(SyncAwaited.link_id.in_(ids.values())))
            both = [
                (link, records[str(link.record_id)])
                for link in links.values()
                if link.record_id in records
            ]
            for link in links.values():
                link.ties_due = None
            comparing, wishes = Comparing(work, self._pairing, theirs, both), list[Wish]()
            for link, record in both:
                wished = comparing.compare(link, record)
                link.ties_due = work.now if wished else None
                link.ties_side = None
                wishes += wished
            return wishes

    def _send(self, wishes: Sequence[Wish]) -> None:
        """Link first: where it ends between the two, the old one is taken away the next time."""
        far, kind = self._pairing.far, self._pairing.kind
        for tie in self._pairing.ties:
            mine = [one for one in wishes if one.tie == tie]
            made = [one for one in mine if one.now.there]
            refused = _refused(made, far.link(kind, tie.kind, _new(made))) if made else {}
            old = [one for one in mine if one.away and one.from_id not in refused]
            if old:
                refused |= _refused(old, far.unlink(kind, tie.kind, _away(old)))
            if mine:
                self._note(mine, refused)

    def _note(self, wishes: Sequence[Wish], refused: dict[str, str]) -> None:
        with self._works.write(self._pairing.actor) as work:
            links = self._pairing.by_far(work, [one.from_id for one in wishes])
            for wish in wishes:
                link, reason = links[wish.from_id], refused.get(wish.from_id)
                if reason is not None:
                    link.ties_due = work.now + _RETRY
                    fail(link, SIDE, f"{wish.tie.kind}: {reason}")
                    continue
                agree(link, wish.tie, wish.now)
                # The other one of the same deal may have been refused: it is tried again.
                if link.ties_due is not None and link.ties_due <= work.now:
                    link.ties_due = None


def _new(wishes: Sequence[Wish]) -> tuple[Link, ...]:
    return tuple(
        Link(from_id=one.from_id, to_id=one.now.there, primary=one.tie.kind == "company")
        for one in wishes
    )


def _away(wishes: Sequence[Wish]) -> tuple[Link, ...]:
    return tuple(Link(from_id=one.from_id, to_id=one.away) for one in wishes)


def _refused(wishes: Sequence[Wish], result: BatchResult) -> dict[str, str]:
    return {wishes[one.index].from_id: f"{one.message} ({one.code})" for one in result.failed}
