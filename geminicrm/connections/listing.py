"""Lists of connections, page by page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Select, literal, or_, select, tuple_

from geminicrm.connections.book import MANAGE, READ
from geminicrm.connections.models import STATES, Connection
from geminicrm.connections.services import Service
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work

_SORT: Final = "created_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which connections are asked for; empty texts mean all."""

    service: str = ""
    kind: str = ""
    status: str = ""
    page: Page

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Read a query. ValidationFailed."""
        status = given.get("status", "")
        if status and status not in STATES:
            message = f"Write one of {', '.join(STATES)}."
            raise ValidationFailed([Finding("/status", "unknown_value", message)])
        page = Page.parse(given.get("limit"), given.get("cursor"))
        return cls(
            service=given.get("service", ""), kind=given.get("type", ""), status=status, page=page
        )


def rows(
    work: Work, question: Question, services: Collection[Service] = ()
) -> tuple[Sequence[Connection], str | None]:
    """Give a page of those that the actor may see, the oldest first, and the cursor of the next.

    `services` are the installed ones: they say which are of the type that is asked for.

    Raises ScopeMissing, ValidationFailed.
    """
    limit = question.page.limit
    query = _seen_by(work)
    if question.service:
        query = query.where(Connection.extension_id == question.service)
    if question.kind:
        fitting = [one.extension_id for one in services if question.kind in one.provides]
        query = query.where(Connection.extension_id.in_(fitting))
    if question.status:
        query = query.where(Connection.status == question.status)
    if question.page.cursor:
        query = query.where(tuple_(Connection.created_at, Connection.id) > _place(question))
    found = work.session.scalars(query.limit(limit + 1)).all()
    return found[:limit], _cursor(found[limit - 1]) if len(found) > limit else None


def every(work: Work) -> Sequence[Connection]:
    """Give all that the actor may see, the oldest first. Raises ScopeMissing."""
    return work.session.scalars(_seen_by(work)).all()


def _seen_by(work: Work) -> Select[Connection]:
    work.require(READ)
    query = select(Connection).order_by(Connection.created_at, Connection.id)
    if work.actor.allows(MANAGE):
        return query
    mine = Connection.owner_id == getattr(work.actor, "user_id", None)
    return query.where(or_(Connection.owner_id.is_(None), mine))


def _place(question: Question) -> Any:
    at, identifier = decode_cursor(question.page.cursor or "", _SORT, (str, str))
    try:
        instant = parse_instant(str(at))
    except (ValueError, OverflowError):
        message = "This is no cursor of this list."
        raise ValidationFailed([Finding("/cursor", "bad_cursor", message)]) from None
    return tuple_(literal(instant, Connection.created_at.type), literal(str(identifier)))


def _cursor(row: Connection) -> str:
    return encode_cursor((format_instant(row.created_at), row.id), _SORT)
