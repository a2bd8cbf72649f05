"""What comes and goes by a connection on its own: a slot that rooms fill which read or write."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import func, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.work import Work
from geminicrm.mail.models import SENT, MailboxState, OutgoingMail, StoredMail
from geminicrm.syncing.status import facts

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One thing that is kept in step; `period` is the time that `came_in` and `went_out` count."""

    what: str
    period: str
    last: datetime | None
    next: datetime | None
    came_in: int
    went_out: int
    error: str | None

    def shape(self) -> dict[str, Any]:
        """Give it as pages and programs have it."""
        return {
            "what": self.what,
            "period": self.period,
            "last": _written(self.last),
            "next": _written(self.next),
            "in": self.came_in,
            "out": self.went_out,
            "error": self.error,
        }


class SyncFacts(Protocol):
    """Says of connections what one room keeps in step by them."""

    def of(self, work: Work, connection_ids: Collection[str]) -> Mapping[str, Synced]:
        """Give the facts by connection; those of which there are none are left out."""
        ...


class MailSyncs:
    """Implements SyncFacts: mailboxes that are read, and mail that was sent."""

    def of(self, work: Work, connection_ids: Collection[str]) -> Mapping[str, Synced]:
        """Give the facts by connection."""
        since = work.now - DAY
        boxes = {
            one.connection_id: one
            for one in work.session.scalars(
                select(MailboxState).where(MailboxState.connection_id.in_(connection_ids))
            )
        }
        came = _counted(work, StoredMail.connection_id, StoredMail.stored_at >= since)
        went = _counted(
            work,
            OutgoingMail.sent_through,
            OutgoingMail.sent_at >= since,
            OutgoingMail.state == SENT,
        )
        found = (boxes.keys() | went.keys()) & set(connection_ids)
        return {one: _mail(boxes.get(one), came.get(one, 0), went.get(one, 0)) for one in found}


class RecordSyncs:
    """Implements SyncFacts: records that are kept the same in another CRM."""

    def of(self, work: Work, connection_ids: Collection[str]) -> Mapping[str, Synced]:
        """Give the facts by connection."""
        return {
            key: Synced(
                what="Records",
                period="in all",
                last=one.last_at,
                next=one.next_at,
                came_in=one.came_in,
                went_out=one.went_out,
                error=one.error,
            )
            for key, one in facts(work).items()
            if key in connection_ids
        }


def facts_of(
    work: Work, syncs: Sequence[SyncFacts], connection_ids: Collection[str]
) -> dict[str, list[dict[str, Any]]]:
    """Give what every room says, by connection; each has a list, if an empty one."""
    told = [one.of(work, connection_ids) for one in syncs]
    return {key: [one[key].shape() for one in told if key in one] for key in connection_ids}


def _mail(box: MailboxState | None, came: int, went: int) -> Synced:
    return Synced(
        what="Mail",
        period="in the last day",
        last=box.read_at if box is not None else None,
        next=box.next_at if box is not None else None,
        came_in=came,
        went_out=went,
        error=box.error if box is not None else None,
    )


def _counted(work: Work, key: Any, *which: Any) -> dict[str, int]:
    query = select(key, func.count()).where(*which, key.is_not(None)).group_by(key)
    return {row[0]: row[1] for row in work.session.execute(query)}


def _written(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant is not None else None
