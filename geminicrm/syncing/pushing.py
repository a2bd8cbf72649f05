"""Giving the other side what changed here, a hundred records at a time.

Theirs are read first and merged, so that nothing is overwritten that somebody changed meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from extensions.sdk.capabilities.crm_sync import (
    MOST_AT_ONCE,
    BatchResult,
    Change,
    Condition,
    FarRecord,
    Search,
)
from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import ServiceError
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.work import Work, Works
from geminicrm.syncing import dirty
from geminicrm.syncing.absorbing import Absorbing
from geminicrm.syncing.models import SENDING
from geminicrm.syncing.notes import Item, note, note_failed, note_unsent
from geminicrm.syncing.pairing import Pairing
from geminicrm.syncing.planning import Plan, differing, plan
from geminicrm.syncing.pulling import gone_there, repeat

_MOST_PAGES: Final = 5
_NOTHING: Final = BatchResult(done=(), failed=())


@dataclass(slots=True)
class Theirs:
    """What the other side said of the records of a plan."""

    read: dict[str, FarRecord] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    unread: dict[str, str] = field(default_factory=dict)
    found: dict[str, FarRecord] = field(default_factory=dict)


@dataclass(slots=True)
class Outgoing:
    """What is to be asked: changes of known records, new ones with a key and without."""

    updates: list[Item] = field(default_factory=list)
    upserts: list[Item] = field(default_factory=list)
    creates: list[Item] = field(default_factory=list)


class Pushing:
    """Gives one kind of one connection."""

    def __init__(self, works: Works, pairing: Pairing) -> None:
        self._works = works
        self._pairing = pairing

    def page(self) -> int:
        """Give the next records that are due; tell how many were looked at. Raises SdkError."""
        with self._works.write(self._pairing.actor) as work:
            made = plan(work, self._pairing, MOST_AT_ONCE)
        if made is None:
            return 0
        if made.known or made.fresh or made.ended:
            self._give(made)
        return len(made.stamps)

    def _give(self, made: Plan) -> None:
        try:
            theirs = self._ask(made)
            outgoing = repeat(lambda: self._settle(made, theirs))
            self._send(made, outgoing)
        except SdkError:
            with self._works.write(self._pairing.actor) as work:
                place = (self._pairing.connection_id, self._pairing.kind)
                dirty.later(work, *place, made.stamps, made.stamps)
            raise

    def _ask(self, made: Plan) -> Theirs:
        pairing, theirs = self._pairing, Theirs()
        ids = tuple(made.known.values())
        if ids:
            result = pairing.far.read_many(pairing.kind, ids, pairing.fields.properties)
            theirs.read = {one.id: one.record for one in result.done if one.record is not None}
            gone = [one for one in result.failed if one.code == "not_found"]
            theirs.missing = {ids[one.index] for one in gone}
            theirs.unread = {
                ids[one.index]: one.message for one in result.failed if one not in gone
            }
        keys = {pairing.fields.key_of(pairing.fields.ours(one)) for one in made.fresh.values()}
        theirs.found = self._find(tuple(sorted(keys - {""})))
        return theirs

    def _find(self, keys: Sequence[str]) -> dict[str, FarRecord]:
        """Find those that are there already by what finds a record: the first of each."""
        pairing, found = self._pairing, dict[str, FarRecord]()
        if not keys:
            return found
        name, cursor = pairing.fields.key_property, ""
        wanted = Condition(name=name, test="one_of", values=tuple(keys))
        asked = Search(conditions=(wanted,), properties=pairing.fields.properties)
        for _ in range(_MOST_PAGES):
            page = pairing.far.search(pairing.kind, asked, cursor)
            for one in page.records:
                found.setdefault(pairing.fields.key_of(pairing.fields.theirs(one)), one)
            if not page.more:
                break
            cursor = page.cursor
        return found

    def _settle(self, made: Plan, theirs: Theirs) -> Outgoing:
        """Merge what was read with ours as they are now, and say what is left to be sent."""
        with self._works.write(self._pairing.actor) as work:
            outgoing = Outgoing()
            self._settle_known(work, made, theirs, outgoing)
            self._settle_fresh(work, made, theirs, outgoing)
            return outgoing

    def _settle_known(self, work: Work, made: Plan, theirs: Theirs, out: Outgoing) -> None:
        pairing = self._pairing
        absorbing = Absorbing(work, pairing, list(theirs.read.values()))
        changed = [absorbing.take(one) for one in theirs.read.values()]
        pairing.cursor(work).came_in += sum(changed)
        records = pairing.records(work, list(made.known))
        links = pairing.by_record(work, list(made.known))
        for record_id, far_id in made.known.items():
            record, link = records.get(record_id), links.get(record_id)
            if record is None or link is None:
                continue  # deleted meanwhile: its own mark tells
            if far_id in theirs.missing:
                gone_there(work, pairing, link)
            elif far_id in theirs.unread:
                note_failed(work, pairing, made.stamps, record, theirs.unread[far_id])
                continue
            else:
                names = differing(pairing, link, record)
                item = Item.of(pairing, record, names, far_id)
                if item.values or item.wrong:
                    out.updates.append(item)
                    continue
            self._done(work, made, record_id)

    def _settle_fresh(self, work: Work, made: Plan, theirs: Theirs, out: Outgoing) -> None:
        pairing = self._pairing
        absorbing = Absorbing(work, pairing, list(theirs.found.values()))
        records = pairing.records(work, list(made.fresh))
        for record in records.values():
            key = pairing.fields.key_of(pairing.fields.ours(record))
            there = theirs.found.get(key) if key else None
            if there is not None:
                self._pair(work, made, absorbing, record, there)
            elif key:
                self._upsert(work, made, out, record, key)
            else:
                self._create(work, out, record)

    def _pair(
        self, work: Work, made: Plan, absorbing: Absorbing, record: Rest, there: FarRecord
    ) -> None:
        changed = absorbing.pair(there, record)
        if changed is None:
            self._twice(work, made, record)
            return
        # Its mark stays: what is left to be given is given in the next round.
        self._pairing.cursor(work).came_in += changed

    def _upsert(self, work: Work, made: Plan, out: Outgoing, record: Rest, key: str) -> None:
        if any(one.key == key for one in out.upserts):
            self._twice(work, made, record)
            return
        own = self._pairing.fields.ours(record)
        names = [name for name, value in own.items() if value]
        out.upserts.append(Item.of(self._pairing, record, names, key=key))

    def _create(self, work: Work, out: Outgoing, record: Rest) -> None:
        """Note that it is on its way before anybody is asked: there is no key to find it by."""
        pairing = self._pairing
        own = pairing.fields.ours(record)
        link = pairing.by_record(work, [record["id"]]).get(record["id"])
        link = link or pairing.link(work, record_id=record["id"], far_id=None)
        item = Item.of(pairing, record, [name for name, value in own.items() if value])
        # By what was sent it is known again, should the answer be lost.
        link.state, link.base = SENDING, {**item.absent, **item.sent}
        out.creates.append(item)

    def _twice(self, work: Work, made: Plan, record: Rest) -> None:
        key = self._pairing.fields.key
        reason = f"Another {self._pairing.kind} here has the same {key}: merge the two."
        note_failed(work, self._pairing, made.stamps, record, reason)

    def _send(self, made: Plan, out: Outgoing) -> None:
        far, kind = self._pairing.far, self._pairing.kind
        sent = [one for one in out.updates if one.values]
        changes = tuple(Change(id=one.far_id, values=one.values) for one in sent)
        self._note(made, sent, far.update_many(kind, changes) if changes else _NOTHING)
        self._note(made, [one for one in out.updates if not one.values], _NOTHING)
        changes = tuple(Change(id=one.key, values=one.values) for one in out.upserts)
        by = self._pairing.fields.key_property
        self._note(made, out.upserts, far.upsert_many(kind, changes, by) if changes else _NOTHING)
        if out.creates:
            self._make(made, out.creates)
        if made.ended:
            self._end(made)

    def _make(self, made: Plan, items: list[Item]) -> None:
        try:
            values = tuple(one.values for one in items)
            result = self._pairing.far.create_many(self._pairing.kind, values)
        except SdkError as error:
            certain = isinstance(error, ServiceError) and error.accepted == "no"
            with self._works.write(self._pairing.actor) as work:
                note_unsent(work, self._pairing, items, str(error), certain=certain)
            raise
        self._note(made, items, result)

    def _end(self, made: Plan) -> None:
        pairing, ids = self._pairing, tuple(made.ended.values())
        result = pairing.far.archive_many(pairing.kind, ids)
        with self._works.write(pairing.actor) as work:
            links = pairing.by_far(work, [ids[one.index] for one in result.done])
            for link in links.values():
                link.state, link.error = "gone", "It was deleted here, and there with it."
                link.error_side = "out"
                self._done(work, made, str(link.record_id))
            left = [
                str(one.record_id)
                for one in pairing.by_far(work, [ids[one.index] for one in result.failed]).values()
            ]
            dirty.later(work, pairing.connection_id, pairing.kind, made.stamps, left)

    def _note(self, made: Plan, items: Sequence[Item], result: BatchResult) -> None:
        if items:
            with self._works.write(self._pairing.actor) as work:
                note(work, self._pairing, made.stamps, items, result)

    def _done(self, work: Work, made: Plan, record_id: str) -> None:
        stamps: Mapping[str, str] = made.stamps
        dirty.drop(work, self._pairing.connection_id, self._pairing.kind, stamps, [record_id])
