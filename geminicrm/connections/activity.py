"""The activity log of a connection: every outside call that was made for it, with filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import Select, func, literal, select, tuple_

from geminicrm.connections.models import Connection, ConnectionCall, ConnectionUse
from geminicrm.connections.services import Service
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work

OUTCOMES: Final = ("ok", "refused", "failed", "unknown")
HOURS: Final = {"1": "Last hour", "24": "Last 24 hours", "168": "Last 7 days"}
_SORT: Final = "at"
_PAGE: Final = 25
_QUOTA_SECONDS: Final = 3600
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which calls are asked for; empty texts mean all."""

    outcome: str = ""
    operation: str = ""
    hours: str = ""
    page: Page

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Read a query; what a list does not know chooses nothing."""
        outcome, hours = given.get("outcome", ""), given.get("hours", "")
        return cls(
            outcome=outcome if outcome in OUTCOMES else "",
            operation=given.get("operation", "")[:80],
            hours=hours if hours in HOURS else "",
            page=Page(limit=_PAGE, cursor=given.get("cursor") or None),
        )


def calls(
    work: Work, row: Connection, question: Question
) -> tuple[Sequence[ConnectionCall], str | None]:
    """Give a page, the latest first, and the cursor of the next. Raises ValidationFailed."""
    query = _of(row).order_by(ConnectionCall.at.desc(), ConnectionCall.id.desc())
    if question.outcome:
        query = query.where(ConnectionCall.outcome == question.outcome)
    if question.operation:
        query = query.where(ConnectionCall.operation == question.operation)
    if question.hours:
        since = work.now - timedelta(hours=int(question.hours))
        query = query.where(ConnectionCall.at >= since)
    if question.page.cursor:
        query = query.where(tuple_(ConnectionCall.at, ConnectionCall.id) < _place(question))
    limit = question.page.limit
    found = work.session.scalars(query.limit(limit + 1)).all()
    return found[:limit], _cursor(found[limit - 1]) if len(found) > limit else None


def operations(work: Work, row: Connection) -> list[str]:
    """Name the operations that calls were made for in the last day."""
    query = select(ConnectionCall.operation).where(
        ConnectionCall.connection_id == row.id, ConnectionCall.at >= work.now - _DAY
    )
    return sorted(work.session.scalars(query.distinct()))


def figures(work: Work, row: Connection, days: int) -> dict[str, float | None]:
    """Count the calls of so many days; give the rates in percent, None where nothing was called.

    `wrong` are those that were not done, `milliseconds` is their mean time, `availability` the
    share of those sent that the service answered with less than 500.
    """
    query = select(
        func.count(ConnectionCall.id),
        func.count(ConnectionCall.id).filter(ConnectionCall.outcome != "ok"),
        func.avg(ConnectionCall.milliseconds),
        func.count(ConnectionCall.id).filter(ConnectionCall.attempts > 0),
        func.count(ConnectionCall.id).filter(
            ConnectionCall.outcome.in_(("failed", "unknown")), ConnectionCall.attempts > 0
        ),
    ).where(ConnectionCall.connection_id == row.id, ConnectionCall.at >= work.now - days * _DAY)
    count, wrong, mean, sent, away = work.session.execute(query).one()
    return {
        "days": days,
        "calls": count,
        "wrong": wrong,
        "milliseconds": round(mean or 0),
        "error_rate": round(100 * wrong / count, 1) if count else None,
        "availability": round(100 * (sent - away) / sent, 1) if sent else None,
    }


def usage(work: Work, row: Connection, service: Service) -> list[dict[str, Any]]:
    """Give what of each quota of the service is used now; limits of seconds are none."""
    query = select(ConnectionUse).where(ConnectionUse.connection_id == row.id)
    used = {one.limit_id: one for one in work.session.scalars(query)}
    found = []
    for limit in service.limits:
        if limit.seconds < _QUOTA_SECONDS:
            continue
        most = int(row.config.get(limit.setting or "") or limit.most)
        one = used.get(limit.id)
        ends = one.window_at + timedelta(seconds=limit.seconds) if one is not None else None
        holds = one is not None and ends is not None and ends > work.now
        count = one.used if one is not None and holds else 0
        found.append({"label": limit.label, "used": count, "most": most, "ends": _told(ends)})
    return found


def _told(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant is not None else None


def _of(row: Connection) -> Select[ConnectionCall]:
    return select(ConnectionCall).where(ConnectionCall.connection_id == row.id)


def _place(question: Question) -> Any:
    at, identifier = decode_cursor(question.page.cursor or "", _SORT, (str, str))
    try:
        instant = parse_instant(str(at))
    except (ValueError, OverflowError):
        message = "This is no cursor of this list."
        raise ValidationFailed([Finding("/cursor", "bad_cursor", message)]) from None
    return tuple_(literal(instant, ConnectionCall.at.type), literal(str(identifier)))


def _cursor(row: ConnectionCall) -> str:
    return encode_cursor((format_instant(row.at), row.id), _SORT)
