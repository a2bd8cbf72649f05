"""Pages of endpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.paging import decode_cursor, encode_cursor
from geminicrm.kernel.work import Work
from geminicrm.webhooks.outgoing.models import DELETED, Endpoint
from geminicrm.webhooks.outgoing.questions import EndpointQuestion

_SORT: Final = "-id"


@dataclass(frozen=True, slots=True)
class Listed:
    """One page; `next_cursor` is None on the last."""

    data: list[dict[str, Any]]
    next_cursor: str | None


def endpoints_page(
    work: Work,
    question: EndpointQuestion,
    shape: Callable[[Work, Endpoint], dict[str, Any]],
) -> Listed:
    """Give one page of endpoints, the latest first. Raises ValidationFailed."""
    statement = select(Endpoint).where(Endpoint.state != DELETED).order_by(Endpoint.id.desc())
    if question.state:
        statement = statement.where(Endpoint.state == question.state)
    if question.origin:
        statement = statement.where(Endpoint.origin == question.origin)
    page = question.page
    if page.cursor is not None:
        (after,) = decode_cursor(page.cursor, _SORT, (str,))
        statement = statement.where(Endpoint.id < str(after))
    found = list(work.session.scalars(statement.limit(page.limit + 1)))
    rows = found[: page.limit]
    cursor = encode_cursor((rows[-1].id,), _SORT) if len(found) > page.limit else None
    return Listed([shape(work, row) for row in rows], cursor)
