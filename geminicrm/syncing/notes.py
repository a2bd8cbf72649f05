"""Noting what became of what was sent: for each record on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from extensions.sdk.capabilities.crm_sync import BatchResult, Done, Failed
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.work import Work
from geminicrm.syncing import dirty
from geminicrm.syncing.models import GONE, SENDING, UNKNOWN, SyncLink
from geminicrm.syncing.pairing import Pairing, fail, label_of, settle

_UNANSWERED: Final = Failed(index=0, code="no_answer", message="Nothing was said of it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record as it is sent: the values in the words of the other side, and as compared.

    `absent` are the fields of ours that are empty. `far_id` is of a known one, `key` finds a new
    one. `wrong` says what has no word there.
    """

    record_id: str
    values: Mapping[str, str]
    sent: Mapping[str, str]
    absent: Mapping[str, str]
    label: str
    wrong: str = ""
    far_id: str = ""
    key: str = ""

    @classmethod
    def of(
        cls, pairing: Pairing, record: Rest, names: Sequence[str], far_id: str = "", key: str = ""
    ) -> "Item":
        """Make one of the named fields of a record."""
        values, wrong = pairing.fields.to_far(record, names)
        own = pairing.fields.ours(record)
        skipped = {"stage"} if wrong else set[str]()
        return cls(
            record_id=record["id"],
            values=values,
            sent={name: own[name] for name in names if name not in skipped},
            absent={name: value for name, value in own.items() if not value},
            label=label_of(own),
            wrong=wrong,
            far_id=far_id,
            key=key,
        )


def note(
    work: Work,
    pairing: Pairing,
    stamps: Mapping[str, str],
    items: Sequence[Item],
    result: BatchResult,
) -> None:
    """Note what came of a batch; what failed is sent again later, unless it may have been done."""
    links = pairing.by_record(work, [one.record_id for one in items])
    done = {one.index: one for one in result.done}
    failed = {one.index: one for one in result.failed}
    finished, again = list[str](), list[str]()
    for index, item in enumerate(items):
        link = links.get(item.record_id)
        link = link or pairing.link(work, record_id=item.record_id, far_id=None)
        link.label = item.label
        if index in done:
            finished.append(item.record_id)
            _note_done(work, pairing, link, item, done[index])
        elif not item.values:
            finished.append(item.record_id)
            fail(link, "out", item.wrong)
        elif _note_failed(link, failed.get(index, _UNANSWERED)):
            again.append(item.record_id)
        else:
            finished.append(item.record_id)
    place = (pairing.connection_id, pairing.kind)
    dirty.drop(work, *place, stamps, finished)
    dirty.later(work, *place, stamps, again)
    pairing.cursor(work).went_out += len(done)


def note_failed(
    work: Work, pairing: Pairing, stamps: Mapping[str, str], record: Rest, reason: str
) -> None:
    """Note why a record can't be given, and have it tried again later."""
    link = pairing.by_record(work, [record["id"]]).get(record["id"])
    link = link or pairing.link(work, record_id=record["id"], far_id=None)
    link.label = label_of(pairing.fields.ours(record))
    fail(link, "out", reason)
    dirty.later(work, pairing.connection_id, pairing.kind, stamps, [record["id"]])


def note_unsent(
    work: Work, pairing: Pairing, items: Sequence[Item], reason: str, *, certain: bool
) -> None:
    """Note that no answer came for new ones; `certain` says that they were certainly not made."""
    for link in pairing.by_record(work, [one.record_id for one in items]).values():
        if link.state == SENDING:
            fail(link, "out", reason, "failed" if certain else UNKNOWN)
            link.base = {} if certain else link.base


def _note_done(work: Work, pairing: Pairing, link: SyncLink, item: Item, done: Done) -> None:
    other = pairing.by_far(work, [done.id]).get(done.id)
    if other is not None and other is not link:
        fail(
            link, "out", f"It is linked at {pairing.far.name} with another {pairing.kind} of ours."
        )
        return
    known = item.far_id != ""
    base = item.sent if known else {**item.absent, **item.sent}
    link.base = {**link.base, **base}
    link.far_id, link.synced_at = done.id, work.now
    if done.record is not None:
        link.far_at = done.record.updated_at
    if not known and pairing.ties:
        link.ties_due = work.now
    if item.wrong:
        fail(link, "out", item.wrong)
    elif link.state != GONE:
        settle(link, "out")


def _note_failed(link: SyncLink, failed: Failed) -> bool:
    """Note it; tell whether it may be sent again."""
    reason = f"{failed.message} ({failed.code})"
    if failed.unknown and link.state == SENDING:
        fail(link, "out", reason, UNKNOWN)
        return False
    if link.state == SENDING:
        link.base = {}
    fail(link, "out", reason)
    return True
