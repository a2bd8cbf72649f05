"""Reading what came in, for pages and programs: only of connections that the reader may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Select, func, or_, select

from geminicrm.connections.book import MANAGE as MANAGE_CONNECTIONS
from geminicrm.kernel.clock import parse_instant
from geminicrm.kernel.errors import Finding, NotFound, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work
from geminicrm.webhooks.incoming.models import (
    FAILED,
    REJECTED,
    RESULTS,
    STATES,
    VERIFIED,
    Received,
    ReceivedItem,
)

READ: Final = "read:webhooks"
MANAGE: Final = "manage:webhooks"
DAYS: Final = 7
_SORT: Final = "-id"
_LONGEST: Final = 200
_ESCAPE: Final = "\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which requests are asked for; empty leaves it open.

    `state` is one that an event of it has; `text` is part of an event's type or key, or of what was
    wrong; `since` is the first moment.
    """

    connection: str = ""
    service: str = ""
    result: str = ""
    state: str = ""
    since: datetime | None = None
    text: str = ""
    page: Page = field(default_factory=Page)

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Read the parameters of a query. Raises ValidationFailed with all that is wrong."""
        findings = [
            Finding(f"/{name}", "unknown_value", f"Use one of {', '.join(allowed)}.")
            for name, allowed in (("result", RESULTS), ("state", STATES))
            if given.get(name, "") not in ("", *allowed)
        ]
        findings += [
            Finding(f"/{name}", "too_long", f"Write at most {_LONGEST} characters.")
            for name in ("connection", "service", "text")
            if len(given.get(name, "")) > _LONGEST
        ]
        since = _instant(given.get("since", ""))
        if given.get("since") and since is None:
            text = "Write an instant such as 2026-01-31T09:00:00Z."
            findings.append(Finding("/since", "bad_instant", text))
        if findings:
            raise ValidationFailed(findings)
        named = {name: given.get(name, "") for name in _NAMED}
        page = Page.parse(given.get("limit"), given.get("cursor"))
        return cls(**named, since=since, page=page)


_NAMED: Final = ("connection", "service", "result", "state", "text")


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of requests with how many events of each are in which state."""

    rows: Sequence[Received]
    states: Mapping[str, Mapping[str, int]]
    next_cursor: str | None


def receipts(work: Work, question: Question) -> Listed:
    """Give one page, the latest first. Raises ScopeMissing, ValidationFailed."""
    work.require(READ)
    query = _visible(work, select(Received)).order_by(Received.id.desc())
    for condition in _conditions(question):
        query = query.where(condition)
    page = question.page
    if page.cursor is not None:
        (after,) = decode_cursor(page.cursor, _SORT, (str,))
        query = query.where(Received.id < str(after))
    found = list(work.session.scalars(query.limit(page.limit + 1)))
    rows = found[: page.limit]
    cursor = encode_cursor((rows[-1].id,), _SORT) if len(found) > page.limit else None
    return Listed(rows, _states(work, [row.id for row in rows]), cursor)


def find(work: Work, received_id: str) -> Received:
    """Give one request. Raises NotFound, ScopeMissing."""
    work.require(READ)
    query = _visible(work, select(Received)).where(Received.id == received_id)
    row: Received | None = work.session.scalar(query)
    if row is None:
        raise NotFound("webhook receipt", received_id)
    return row


def items_of(work: Work, row: Received) -> Sequence[ReceivedItem]:
    """Give the events of a request that was read by `find`, in their order."""
    query = select(ReceivedItem).where(ReceivedItem.received_id == row.id)
    return work.session.scalars(query.order_by(ReceivedItem.position)).all()


def facts_of(work: Work, connection_id: str) -> dict[str, Any]:
    """Say how a connection's webhooks do: the last one, and counts of the last days.

    The caller has seen that the actor may see the connection.
    """
    since = work.now - timedelta(days=DAYS)
    mine = (Received.connection_id == connection_id, Received.received_at >= since)
    results = (
        select(Received.result, func.count(Received.id)).where(*mine).group_by(Received.result)
    )
    counts = {row[0]: row[1] for row in work.session.execute(results)}
    failed = select(func.count(ReceivedItem.id)).where(
        ReceivedItem.connection_id == connection_id, ReceivedItem.state == FAILED
    )
    last = select(func.max(Received.received_at)).where(*mine)
    return {
        "days": DAYS,
        "verified": counts.get(VERIFIED, 0),
        "rejected": counts.get(REJECTED, 0),
        "failed": work.session.scalar(failed) or 0,
        "last": work.session.scalar(last),
    }


def _visible(work: Work, query: Select[Any]) -> Select[Any]:
    """Leave out what came for somebody's own connection, as the connection itself is."""
    if work.actor.allows(MANAGE_CONNECTIONS):
        return query
    mine = getattr(work.actor, "user_id", None)
    return query.where(or_(Received.owner_id.is_(None), Received.owner_id == mine))


def _conditions(question: Question) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if question.connection:
        found.append(Received.connection_id == question.connection)
    if question.service:
        found.append(Received.extension_id == question.service)
    if question.result:
        found.append(Received.result == question.result)
    if question.since is not None:
        found.append(Received.received_at >= question.since)
    if question.state:
        found.append(_with_item(ReceivedItem.state == question.state))
    if question.text:
        found.append(_with_text(question.text))
    return found


def _with_item(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    query = select(ReceivedItem.id).where(ReceivedItem.received_id == Received.id, condition)
    return query.exists()


def _with_text(text: str) -> ColumnElement[bool]:
    place = {"autoescape": True, "escape": _ESCAPE}
    lowered = text.lower()
    in_item = or_(
        func.lower(ReceivedItem.type).contains(lowered, **place),
        func.lower(ReceivedItem.key).contains(lowered, **place),
    )
    return or_(_with_item(in_item), func.lower(Received.detail).contains(lowered, **place))


def _states(work: Work, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {one: {} for one in ids}
    query = (
        select(ReceivedItem.received_id, ReceivedItem.state, func.count(ReceivedItem.id))
        .where(ReceivedItem.received_id.in_(ids))
        .group_by(ReceivedItem.received_id, ReceivedItem.state)
    )
    for received_id, state, count in work.session.execute(query):
        found[received_id][state] = count
    return found


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except (ValueError, OverflowError):
        return None
