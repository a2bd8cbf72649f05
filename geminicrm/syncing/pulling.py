"""Reading the other side: pages of changes, what is gone there, what is to be tried again."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Query

from extensions.sdk.capabilities.crm_sync import MOST_AT_ONCE, FarRecord, Page
from geminicrm.crm.shared import service
from geminicrm.kernel.errors import Conflict, NotFound, PreconditionFailed
from geminicrm.kernel.work import Work, Works
from geminicrm.syncing import dirty
from geminicrm.syncing.absorbing import Absorbing
from geminicrm.syncing.models import AGAIN, FOLLOW, GONE, SyncHeard, SyncLink
from geminicrm.syncing.pairing import Pairing, fail

_ATTEMPTS: Final = 5
_SCANNED: Final = 500
_Made = TypeVar("_Made")


class Pulling:
    """Reads one kind of one connection; each page and its cursor are one transaction."""

    def __init__(self, works: Works, pairing: Pairing) -> None:
        self._works = works
        self._pairing = pairing

    def page(self) -> tuple[int, bool]:
        """Take in the next page; tell how many came, and whether there are more.

        Raises SdkError.
        """
        pairing = self._pairing
        with self._works.write(pairing.actor) as work:
            cursor = pairing.cursor(work).cursor
        page = pairing.far.changes(pairing.kind, pairing.fields.properties, cursor)
        repeat(lambda: self._keep(page))
        return len(page.records), page.more and page.cursor != cursor

    def again(self) -> int:
        """Read those once more that somebody has asked for. Raises SdkError."""
        pairing = self._pairing
        with self._works.read(pairing.actor) as work:
            rows = pairing.in_states(work, [AGAIN], MOST_AT_ONCE)
            ids = tuple(row.far_id for row in rows if row.far_id is not None)
        if not ids:
            return 0
        found = pairing.far.read_many(pairing.kind, ids, pairing.fields.properties)
        records = [one.record for one in found.done if one.record is not None]
        missing = {ids[one.index]: one.message for one in found.failed}
        repeat(lambda: self._take_again(records, missing))
        return len(ids)

    def heard(self) -> int:
        """Read those of which the other side has said that they changed. Raises SdkError."""
        pairing = self._pairing
        with self._works.read(pairing.actor) as work:
            stamps = {row.far_id: row.stamp for row in self._heard(work).limit(MOST_AT_ONCE)}
        if not stamps:
            return 0
        found = pairing.far.read_many(pairing.kind, tuple(stamps), pairing.fields.properties)
        records = [one.record for one in found.done if one.record is not None]
        repeat(lambda: self._take_heard(records, stamps))
        return len(stamps)

    def archived(self) -> None:
        """Look for what is gone there, page by page. Raises SdkError."""
        pairing, cursor, more = self._pairing, "", True
        while more:
            page = pairing.far.archived(pairing.kind, pairing.fields.properties, cursor)
            ids = [one.id for one in page.records]
            repeat(partial(self._gone, ids))
            more, cursor = page.more and page.cursor != cursor, page.cursor

    def scan(self) -> None:
        """Mark the next of our records that are linked with none."""
        pairing = self._pairing
        with self._works.write(pairing.actor) as work:
            cursor, model = pairing.cursor(work), pairing.spec.model
            query = select(model.id).where(model.deleted_at.is_(None), model.id > cursor.scanned)
            ids = list(work.session.scalars(query.order_by(model.id).limit(_SCANNED)))
            linked = pairing.by_record(work, ids)
            fresh = [one for one in ids if one not in linked]
            dirty.mark(work, pairing.connection_id, pairing.kind, fresh, anew=False)
            cursor.scanned = ids[-1] if ids else cursor.scanned
            cursor.first_done = len(ids) < _SCANNED

    def _keep(self, page: Page) -> None:
        with self._works.write(self._pairing.actor) as work:
            absorbing = Absorbing(work, self._pairing, page.records)
            changed = [absorbing.take(one) for one in page.records]
            cursor = self._pairing.cursor(work)
            cursor.cursor, cursor.last_at = page.cursor, work.now
            cursor.came_in += sum(changed)

    def _take_again(self, records: Sequence[FarRecord], missing: dict[str, str]) -> None:
        with self._works.write(self._pairing.actor) as work:
            absorbing = Absorbing(work, self._pairing, records)
            self._pairing.cursor(work).came_in += sum([absorbing.take(one) for one in records])
            for link in self._pairing.by_far(work, list(missing)).values():
                fail(link, "in", missing[str(link.far_id)])
            for link in self._pairing.in_states(work, [AGAIN], MOST_AT_ONCE):
                link.state = "failed" if link.error else "ok"

    def _take_heard(self, records: Sequence[FarRecord], stamps: Mapping[str, str]) -> None:
        """Take them in; one that is not there any more is found among the archived."""
        with self._works.write(self._pairing.actor) as work:
            absorbing = Absorbing(work, self._pairing, records)
            self._pairing.cursor(work).came_in += sum([absorbing.take(one) for one in records])
            for row in self._heard(work).where(SyncHeard.far_id.in_(stamps)):
                if row.stamp == stamps[row.far_id]:
                    work.session.delete(row)

    def _heard(self, work: Work) -> Query[SyncHeard]:
        pairing = self._pairing
        found = work.session.query(SyncHeard).where(
            SyncHeard.connection_id == pairing.connection_id, SyncHeard.kind == pairing.kind
        )
        return found.order_by(SyncHeard.id)

    def _gone(self, ids: Sequence[str]) -> None:
        with self._works.write(self._pairing.actor) as work:
            for link in self._pairing.by_far(work, ids).values():
                if link.state != GONE:
                    gone_there(work, self._pairing, link)


def gone_there(work: Work, pairing: Pairing, link: SyncLink) -> None:
    """Break a link because the other side has deleted its record; ours follows if so chosen."""
    name = pairing.far.name
    fail(link, "in", f"It was deleted at {name}: the two are no longer kept the same.", GONE)
    if link.record_id is None:
        return
    work.audit(f"{pairing.kind}.sync_ended", link.record_id, {"deleted_at": name})
    if pairing.deletes == FOLLOW and pairing.reads:
        try:
            service.delete(work, pairing.spec, link.record_id)
        except NotFound:
            link.error = "It was deleted on both sides."


def repeat(step: Callable[[], _Made]) -> _Made:
    """Do a step anew where somebody else changed a record meanwhile. Raises Conflict."""
    for _ in range(_ATTEMPTS):
        try:
            return step()
        except PreconditionFailed:
            continue
    raise Conflict("Others keep changing these records; it is tried again later.")
