"""Notifications for those who read them: lists, the number of unread ones, marks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.db import insert_into
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.tenancy import CHECKED, WORKSPACE
from geminicrm.kernel.work import Work
from geminicrm.notifications.models import Notification, NotificationRead

READERS: Final = "manage:extensions"
"""Whom notifications are for: those who can mend what they tell of.

All that raises them concerns extensions at work, and the pages that they lead to ask for this
scope. Members hold `read:extensions` too and could only worry; `operate:instance` belongs to
people who need not be admins of the workspace.
"""
_SORT: Final = "-open,-last_at"
Columns = TypeVarTuple("Columns")

_OF_READER = and_(
    NotificationRead.notification_id == Notification.id,
    NotificationRead.user_id == bindparam("user_id"),
)
_UNREAD = and_(
    Notification.resolved_at.is_(None),
    or_(NotificationRead.seen.is_(None), NotificationRead.seen < Notification.count),
)
_OPEN = case((Notification.resolved_at.is_(None), 1), else_=0)
_PLACE = (_OPEN, Notification.last_at, Notification.id)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of notifications; `next_cursor` is None on the last."""

    data: list[dict[str, Any]]
    next_cursor: str | None


def unread_count(work: Work, user_id: str) -> int:
    """Count what is open and not read by a user, or has happened again since. One query."""
    work.require(READERS)
    statement = _read_by(select(func.count())).where(_UNREAD)
    return work.session.execute(statement, _of(work, user_id)).scalar_one()


def list_notifications(
    work: Work, user_id: str, page: Page | None = None, *, unread: bool = False
) -> Listed:
    """Give one page: what is open first, then what is resolved, each with the latest first.

    `unread` leaves out all but what `unread_count` counts. ValidationFailed for a wrong cursor.
    """
    work.require(READERS)
    page = page or Page()
    statement = _read_by(select(Notification, NotificationRead))
    if unread:
        statement = statement.where(_UNREAD)
    if page.cursor is not None:
        statement = statement.where(_behind(page.cursor))
    statement = statement.order_by(*(column.desc() for column in _PLACE))
    found = work.session.execute(statement.limit(page.limit + 1), _of(work, user_id)).all()
    rows = found[: page.limit]
    cursor = _cursor(rows[-1][0]) if len(found) > page.limit else None
    return Listed([_shape(row, read) for row, read in rows], cursor)


def mark_read(work: Work, user_id: str, notification_id: str) -> dict[str, Any]:
    """Note that a user has read one, as often as it has happened by now. Raises NotFound."""
    work.require(READERS)
    row = work.get(Notification, notification_id)
    _mark(work, user_id, [(row.id, row.count)])
    statement = _read_by(select(Notification, NotificationRead))
    one = statement.where(Notification.id == notification_id)
    return _shape(*work.session.execute(one, _of(work, user_id)).one())


def mark_all_read(work: Work, user_id: str) -> int:
    """Note that a user has read all that he had not; give how many those were."""
    work.require(READERS)
    statement = _read_by(select(Notification.id, Notification.count)).where(_UNREAD)
    found = work.session.execute(statement.order_by(Notification.id), _of(work, user_id)).all()
    _mark(work, user_id, found)
    return len(found)


def _read_by(selected: Select[*Columns]) -> Select[*Columns]:
    """Complete a query of the notifications of a workspace, with what one user has read."""
    return (
        selected.select_from(Notification)
        .outerjoin(NotificationRead, _OF_READER)
        .where(Notification.workspace_id == bindparam(WORKSPACE))
        .execution_options(**{CHECKED: True})
    )


def _of(work: Work, user_id: str) -> dict[str, str]:
    return {WORKSPACE: work.workspace_id, "user_id": user_id}


def _mark(work: Work, user_id: str, seen: Iterable[tuple[str, int]]) -> None:
    """Store marks; the same user may do so in two windows at once."""
    statement = insert_into(work.session, NotificationRead)
    statement = statement.on_conflict_do_update(
        index_elements=["notification_id", "user_id"],
        set_={name: statement.excluded[name] for name in ("seen", "read_at")},
    ).execution_options(**{CHECKED: True})
    for notification_id, count in seen:
        mark = {
            "id": new_id("ntr"),
            "notification_id": notification_id,
            "seen": count,
            "read_at": work.now,
        }
        work.session.execute(statement, {**_of(work, user_id), **mark})


def _behind(cursor: str) -> ColumnElement[bool]:
    """Give the condition that a row comes after the one that a cursor names."""
    is_open, at, identifier = decode_cursor(cursor, _SORT, (int, str, str))
    last_at = literal(_instant(at), Notification.last_at.type)
    return tuple_(*_PLACE) < tuple_(literal(int(is_open or 0)), last_at, literal(str(identifier)))


def _instant(text: object) -> datetime:
    try:
        return parse_instant(str(text))
    except (ValueError, OverflowError):
        raise ValidationFailed(
            [Finding("/cursor", "bad_cursor", "This is no cursor of this list.")]
        ) from None


def _cursor(row: Notification) -> str:
    is_open = int(row.resolved_at is None)
    return encode_cursor((is_open, format_instant(row.last_at), row.id), _SORT)


def _shape(row: Notification, read: NotificationRead | None) -> dict[str, Any]:
    seen = read.seen if read else 0
    return {
        "id": row.id,
        "kind": row.kind,
        "severity": row.severity,
        "title": row.title,
        "body": row.body,
        "link": row.link,
        "count": row.count,
        "first_at": format_instant(row.first_at),
        "last_at": format_instant(row.last_at),
        "resolved_at": format_instant(row.resolved_at) if row.resolved_at else None,
        "unread": row.resolved_at is None and seen < row.count,
        "read_at": format_instant(read.read_at) if read else None,
    }
