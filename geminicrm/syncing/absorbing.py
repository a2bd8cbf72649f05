"""Taking in a record of the other side: matching it, merging it, telling what both had changed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, select

from extensions.sdk.capabilities.crm_sync import FarRecord
from geminicrm.crm.companies.models import Company
from geminicrm.crm.contacts.models import Contact
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.clock import parse_instant
from geminicrm.kernel.work import Work
from geminicrm.syncing import dirty
from geminicrm.syncing.fields import OWNER, STAGE
from geminicrm.syncing.merging import Side, merge
from geminicrm.syncing.models import GONE, NEWEST, SENDING, UNKNOWN, SyncLink
from geminicrm.syncing.pairing import Pairing, fail, label_of, seen, settle
from geminicrm.syncing.writing import fields_of, note_conflicts, told, write

_MOST_LOST: Final = 200
_LOST: Final = (SENDING, UNKNOWN)
_NAMES: Final = {"stage_id": STAGE, "owner_id": OWNER}


class Absorbing:
    """Takes in records of one page, in one unit of work."""

    def __init__(self, work: Work, pairing: Pairing, records: Sequence[FarRecord]) -> None:
        self._work = work
        self._pairing = pairing
        self._links = pairing.by_far(work, [one.id for one in records])
        self._adopt(records)
        self._matched = self._matches(records)
        ids = [link.record_id for link in self._links.values() if link.record_id is not None]
        self._ours = pairing.records(work, [*ids, *self._matched.values()])

    def take(self, record: FarRecord) -> bool:
        """Take one in; tell whether a record of ours was made or changed."""
        link = self._links.get(record.id)
        if link is not None and link.record_id is not None:
            return self._known(record, link)
        matched = self._match_of(record)
        if matched is not None:
            return bool(self.pair(record, matched))
        if not self._pairing.reads:
            return False
        if link is None:
            link = self._pairing.link(self._work, record_id=None, far_id=record.id)
            self._links[record.id] = link
        return self._make(record, link)

    def pair(self, record: FarRecord, ours: Rest) -> bool | None:
        """Link one with the record of ours that was found for it, and merge the two.

        Tells whether ours was changed; gives None where it is linked with another one already.
        """
        link = self._links.get(record.id)
        if link is not None and link.record_id not in {None, ours["id"]}:
            return None
        mine = self._pairing.by_record(self._work, [ours["id"]]).get(ours["id"])
        if link is not None and mine is not None and mine is not link:
            self._work.session.delete(link)
            self._work.session.flush()
        link = mine or link or self._pairing.link(self._work, record_id=None, far_id=None)
        link.record_id, link.far_id = ours["id"], record.id
        self._links[record.id] = link
        return self._merge(record, link, ours)

    def _known(self, record: FarRecord, link: SyncLink) -> bool:
        ours = self._ours.get(str(link.record_id))
        stale = link.far_at is not None and record.updated_at < link.far_at
        if ours is None or stale:
            return False
        return self._merge(record, link, ours)

    def _make(self, record: FarRecord, link: SyncLink) -> bool:
        fields = self._pairing.fields
        theirs = fields.theirs(record)
        data = fields.to_ours(record, [name for name, value in theirs.items() if value])
        made, refused = write(self._work, self._pairing, None, data)
        self._noted(record, link, fields_of(refused), told(refused))
        if made is None:
            return False
        link.record_id = made["id"]
        self._mark_if_different(link, made, fields_of(refused))
        return True

    def _merge(self, record: FarRecord, link: SyncLink, ours: Rest) -> bool:
        pairing, fields = self._pairing, self._pairing.fields
        own, winner = fields.ours(ours), self._winner(record, ours)
        # An owner of ours whom they don't know has no value there: it is not compared.
        theirs = {name: value for name, value in fields.theirs(record).items() if name in own}
        merged = merge(link.base, own, theirs, winner)
        link.ties_side = winner
        taken = merged.take if pairing.reads else frozenset()
        data: dict[str, Any] = fields.to_ours(record, sorted(taken))
        after, refused = write(self._work, pairing, ours, data) if data else (ours, [])
        after = after or ours
        wrong = fields_of(refused) | (merged.take - taken)
        self._noted(record, link, wrong | (fields.theirs(record).keys() - own), told(refused))
        link.conflict = (
            note_conflicts(self._work, pairing, ours["id"], merged.conflicts) or link.conflict
        )
        self._mark_if_different(link, after, wrong)
        return bool(after["version"] != ours["version"])

    def _winner(self, record: FarRecord, ours: Rest) -> Side:
        pairing = self._pairing
        if not pairing.reads:
            return "ours"
        if pairing.conflicts == NEWEST:
            newer = record.updated_at > parse_instant(ours["updated_at"])
            return "theirs" if newer else "ours"
        return "theirs" if pairing.conflicts == "theirs" else "ours"

    def _noted(self, record: FarRecord, link: SyncLink, wrong: set[str], reason: str) -> None:
        """Remember theirs as what both had, but for what was not taken."""
        fields = self._pairing.fields
        theirs = fields.theirs(record)
        refused = {_NAMES.get(name, name) for name in wrong}
        agreed = {name: value for name, value in theirs.items() if name not in refused}
        link.base = {**link.base, **agreed}
        link.label = label_of(theirs) or record.id
        link.synced_at = self._work.now
        seen(link, record)
        if self._pairing.ties:
            link.ties_due = self._work.now
        strange = fields.strange_stage(record)
        if strange:
            name = self._pairing.far.name
            reason = f"{reason} stage: none here is called as {strange!r} of {name}.".strip()
        if reason:
            fail(link, "in", reason)
        else:
            settle(link, "in")
            link.state = "ok" if link.state == GONE else link.state

    def _mark_if_different(self, link: SyncLink, ours: Rest, wrong: set[str]) -> None:
        pairing = self._pairing
        own = pairing.fields.ours(ours)
        # Theirs is in a stage, or of an owner, that we don't have: it stays so until ours is moved.
        missing = own.keys() - link.base
        strange = {str(name): own[name] for name in (STAGE, OWNER) if name in missing}
        link.base = {**link.base, **strange}
        differs = any(
            link.base.get(name, "") != value for name, value in own.items() if name not in wrong
        )
        if differs and pairing.writes:
            # One that is marked already keeps its place: it may wait because it fails.
            ids = [ours["id"]]
            dirty.mark(self._work, pairing.connection_id, pairing.kind, ids, anew=False)

    def _match_of(self, record: FarRecord) -> Rest | None:
        return self._ours.get(self._matched.get(record.id, ""))

    def _adopt(self, records: Sequence[FarRecord]) -> None:
        """Give new ones to our records of which nobody knows whether they were made there."""
        fields = self._pairing.fields
        fresh = [one for one in records if one.id not in self._links]
        waiting = self._pairing.in_states(self._work, _LOST, _MOST_LOST) if fresh else ()
        for link in waiting:
            found = next((one for one in fresh if _alike(fields.theirs(one), link.base)), None)
            if found is not None:
                fresh.remove(found)
                link.far_id, link.state = found.id, "ok"
                self._links[found.id] = link

    def _matches(self, records: Sequence[FarRecord]) -> dict[str, str]:
        """Find ours that are not linked yet by what finds a record: the oldest of each."""
        fields = self._pairing.fields
        keys = {
            one.id: fields.key_of(fields.theirs(one))
            for one in records
            if one.id not in self._links or self._links[one.id].record_id is None
        }
        found = self._by_key({key for key in keys.values() if key})
        linked = self._pairing.by_record(self._work, list(found.values()))
        free = {key: one for key, one in found.items() if _is_free(linked.get(one))}
        return {far: free.pop(key) for far, key in keys.items() if key in free}

    def _by_key(self, keys: set[str]) -> dict[str, str]:
        columns = {
            ("contact", "email"): (Contact, Contact.email_key),
            ("company", "domain"): (Company, func.lower(Company.domain)),
        }
        place = columns.get((self._pairing.kind, self._pairing.fields.key))
        if not keys or place is None:
            return {}
        model, column = place
        query = select(model.id, column).where(column.in_(keys), model.deleted_at.is_(None))
        rows = self._work.session.execute(query.order_by(model.id.desc()))
        return {str(row[1]): str(row[0]) for row in rows}


def _is_free(link: SyncLink | None) -> bool:
    return link is None or (link.far_id is None and link.state not in _LOST)


def _alike(theirs: Mapping[str, str], sent: Mapping[str, str]) -> bool:
    """Tell whether a record there is what was sent; fields that were not sent don't count."""
    return all(sent[name] == value for name, value in theirs.items() if name in sent)
