"""The log of deliveries: pages of it, one with its attempts, figures of a day."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select

from geminicrm.kernel.errors import NotFound, ScopeMissing
from geminicrm.kernel.paging import decode_cursor, encode_cursor
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.webhooks.outgoing.book import READ
from geminicrm.webhooks.outgoing.models import (
    DELIVERY_STATES,
    QUEUED,
    Attempt,
    Delivery,
    Endpoint,
    Message,
)
from geminicrm.webhooks.outgoing.questions import DeliveryQuestion
from geminicrm.webhooks.outgoing.reading import Listed
from geminicrm.webhooks.outgoing.shapes import RETRYING, Shape, attempt_shape, delivery_shape

MOST: Final = 10_000
"""A count ends here; one that is greater means: more than so many."""
_DAY: Final = timedelta(hours=24)
_SORT: Final = "-id"
_RETRYING: Final = and_(Delivery.state == QUEUED, Delivery.round_attempts > 0)

MayRead = Callable[[Actor, str], bool]
"""Tells whether an actor may be told of a type of events."""


class Deliveries:
    """Reads the log of the actor's workspace; all of it raises ScopeMissing."""

    def __init__(self, works: Works, may_read: MayRead) -> None:
        self._works = works
        self._may_read = may_read

    def page(self, actor: Actor, question: DeliveryQuestion) -> Listed:
        """Give one page, the latest first. Raises ValidationFailed for a wrong cursor."""
        _require(actor)
        page = question.page
        statement = select(Delivery).where(*conditions(question)).order_by(Delivery.id.desc())
        if page.cursor is not None:
            (after,) = decode_cursor(page.cursor, _SORT, (str,))
            statement = statement.where(Delivery.id < str(after))
        with self._works.read(actor) as work:
            found = list(work.session.scalars(statement.limit(page.limit + 1)))
        rows = found[: page.limit]
        cursor = encode_cursor((rows[-1].id,), _SORT) if len(found) > page.limit else None
        return Listed([delivery_shape(row) for row in rows], cursor)

    def get(self, actor: Actor, delivery_id: str) -> Shape:
        """Give one delivery with `url`, `body` and `attempts`, the first first. Raises NotFound.

        `body` is the text that is sent: None for who may not be told of its type.
        """
        _require(actor)
        with self._works.read(actor) as work:
            row = delivery_of(work, delivery_id)
            endpoint = work.get(Endpoint, row.endpoint_id)
            body = work.get(Message, row.message_id).body
            attempts = work.session.scalars(
                select(Attempt).where(Attempt.delivery_id == row.id).order_by(Attempt.number)
            ).all()
        readable = self._may_read(actor, row.type)
        return {
            **delivery_shape(row),
            "url": endpoint.url,
            "endpoint_state": endpoint.state,
            "body": body.decode() if readable else None,
            "attempts_made": [attempt_shape(one) for one in attempts],
        }

    def figures(self, actor: Actor) -> Mapping[str, Mapping[str, int]]:
        """Count what was to be sent within 24 hours, by endpoint: each state, and retrying.

        Those that are retrying are not counted as queued.
        """
        _require(actor)
        with self._works.read(actor) as work:
            statement = (
                select(Delivery.endpoint_id, Delivery.state, _RETRYING, func.count())
                .where(Delivery.created_at >= work.now - _DAY)
                .group_by(Delivery.endpoint_id, Delivery.state, _RETRYING)
            )
            rows = work.session.execute(statement).all()
        found: dict[str, dict[str, int]] = {}
        for endpoint_id, state, retrying, count in rows:
            counts = found.setdefault(endpoint_id, dict.fromkeys((*DELIVERY_STATES, RETRYING), 0))
            counts[RETRYING if retrying else state] += count
        return found

    def counts(self, actor: Actor, question: DeliveryQuestion | None = None) -> Mapping[str, int]:
        """Count what a question means by state, each up to one more than `MOST`."""
        _require(actor)
        narrowed = conditions(question or DeliveryQuestion())
        with self._works.read(actor) as work:
            return {
                state: count(work, [*narrowed, Delivery.state == state])
                for state in DELIVERY_STATES
            }


def delivery_of(work: Work, delivery_id: str, *, lock: bool = False) -> Delivery:
    """Give a delivery. Raises NotFound."""
    statement = select(Delivery).where(Delivery.id == delivery_id)
    row = work.session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFound("webhook delivery", delivery_id)
    return row


def count(work: Work, wanted: list[ColumnElement[bool]]) -> int:
    """Count deliveries, up to one more than `MOST`."""
    some = select(Delivery.id).where(*wanted).limit(MOST + 1)
    return work.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def conditions(question: DeliveryQuestion) -> list[ColumnElement[bool]]:
    """Give what rows have to meet."""
    found: list[ColumnElement[bool]] = []
    if question.endpoint_id:
        found.append(Delivery.endpoint_id == question.endpoint_id)
    if question.object_id:
        found.append(Delivery.object_id == question.object_id)
    if question.states:
        found.append(or_(*(_in_state(one) for one in question.states)))
    if question.type and question.type != "*":
        found.append(_of_type(question.type))
    if question.text:
        found.append(_with_text(question.text))
    if question.since is not None:
        found.append(Delivery.created_at >= question.since)
    if question.until is not None:
        found.append(Delivery.created_at < question.until)
    return found


def _in_state(state: str) -> ColumnElement[bool]:
    return _RETRYING if state == RETRYING else Delivery.state == state


def _of_type(pattern: str) -> ColumnElement[bool]:
    if pattern.endswith(".*"):
        return Delivery.type.startswith(pattern[:-1], autoescape=True)
    return Delivery.type == pattern


def _with_text(text: str) -> ColumnElement[bool]:
    return or_(
        Delivery.id == text,
        Delivery.event_id == text,
        Delivery.object_id == text,
        Delivery.last_error.icontains(text, autoescape=True),
    )


def _require(actor: Actor) -> None:
    if not actor.allows(READ):
        raise ScopeMissing(READ, actor.label)
