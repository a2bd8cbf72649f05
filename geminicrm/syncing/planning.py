"""What is to be sent of the records that changed here: decided before anything is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.work import Work
from geminicrm.syncing import dirty
from geminicrm.syncing.models import FOLLOW, GONE, SENDING, UNKNOWN, SyncLink
from geminicrm.syncing.pairing import Pairing, fail
from geminicrm.syncing.ties import changed_here

_LOST: Final = (
    "The answer was lost while it was made there, so nobody knows whether it was. It is linked "
    "when it turns up; look there, and try again if it is not there."
)


@dataclass(slots=True)
class Plan:
    """Records by what they need; `stamps` are those of all that were taken.

    `known` are linked and differ (their ids by ours), `fresh` have to be found or made there,
    `ended` were deleted here (their ids by ours), `idle` need nothing.
    """

    stamps: Mapping[str, str]
    known: dict[str, str] = field(default_factory=dict)
    fresh: dict[str, Rest] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)


def plan(work: Work, pairing: Pairing, limit: int) -> Plan | None:
    """Take what is due and sort it; what needs nothing is dropped. None where nothing is due."""
    stamps = dirty.take(work, pairing.connection_id, pairing.kind, limit)
    if not stamps:
        return None
    made = Plan(stamps)
    records, links = pairing.records(work, list(stamps)), pairing.by_record(work, list(stamps))
    for record_id in stamps:
        record, link = records.get(record_id), links.get(record_id)
        _sort(pairing, made, record_id, record, link)
        if record is not None and link is not None and changed_here(link, record, pairing.ties):
            link.ties_due = work.now
    dirty.drop(work, pairing.connection_id, pairing.kind, stamps, made.idle)
    return made


def differing(pairing: Pairing, link: SyncLink, record: Rest) -> list[str]:
    """Name the fields of ours that are not what both had."""
    own = pairing.fields.ours(record)
    return [name for name, value in own.items() if value != link.base.get(name, "")]


def _sort(
    pairing: Pairing, made: Plan, record_id: str, record: Rest | None, link: SyncLink | None
) -> None:
    if record is None:
        _end(pairing, made, record_id, link)
    elif link is None:
        made.fresh[record_id] = record
    elif link.state == SENDING:
        fail(link, "out", _LOST, UNKNOWN)
        made.idle.append(record_id)
    elif link.state in {GONE, UNKNOWN}:
        made.idle.append(record_id)
    elif link.far_id is None:
        made.fresh[record_id] = record
    elif differing(pairing, link, record):
        made.known[record_id] = link.far_id
    else:
        made.idle.append(record_id)


def _end(pairing: Pairing, made: Plan, record_id: str, link: SyncLink | None) -> None:
    if link is None or link.state == GONE:
        made.idle.append(record_id)
    elif pairing.deletes == FOLLOW and link.far_id is not None:
        made.ended[record_id] = link.far_id
    else:
        fail(link, "out", "It was deleted here: the two are no longer kept the same.", GONE)
        made.idle.append(record_id)
