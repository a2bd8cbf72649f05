"""Sending again: one delivery, some, or all that failed or were missed since an instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import (
    Conflict,
    Finding,
    Gone,
    NotFound,
    ScopeMissing,
    ValidationFailed,
)
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.webhooks.outgoing.book import KIND, MANAGE
from geminicrm.webhooks.outgoing.handing import asker_of
from geminicrm.webhooks.outgoing.listing import conditions, count, delivery_of
from geminicrm.webhooks.outgoing.models import (
    ACTIVE,
    DELETED,
    FAILED,
    MANUAL,
    MISSED,
    QUEUED,
    SENDING,
    Delivery,
    Endpoint,
)
from geminicrm.webhooks.outgoing.questions import DeliveryQuestion
from geminicrm.webhooks.outgoing.shapes import Shape, delivery_shape

MOST_SELECTED: Final = 100
MOST_AT_ONCE: Final = 10_000
"""So many deliveries at most are recovered by one request."""
_BATCH: Final = 500
_LOST: Final = (FAILED, MISSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What of the lost is meant: `since` counts in, `until` does not.

    Of one endpoint, or with an empty id of all that are active; failed and missed ones, or one of
    these states.
    """

    since: datetime
    until: datetime | None = None
    endpoint_id: str = ""
    states: tuple[str, ...] = _LOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A delivery that was not replayed, with why and how to mend it."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many are on their way again; with `left` the same request again goes on."""

    replayed: int
    refused: tuple[Refusal, ...] = ()
    left: bool = False


class Replays:
    """Replays deliveries of the actor's workspace; all of it raises ScopeMissing.

    A replay keeps the event's id and the bytes, and begins the schedule anew.
    """

    def __init__(self, works: Works) -> None:
        self._works = works

    def one(self, actor: Actor, delivery_id: str) -> Shape:
        """Send one again. Raises NotFound, Gone for a deleted endpoint's, Conflict."""
        _require(actor)
        with self._works.write(actor) as work:
            row = _checked(work, delivery_id)
            _again(work, [row.id])
            told = {"endpoint_id": row.endpoint_id, "event_id": row.event_id}
            _audit(work, "replayed", row.id, told)
            work.session.refresh(row)
            return delivery_shape(row)

    def selected(self, actor: Actor, delivery_ids: Sequence[str]) -> Replayed:
        """Send some again, and say which can't be. Raises ValidationFailed for too many."""
        _require(actor)
        if not 0 < len(delivery_ids) <= MOST_SELECTED:
            message = f"Name 1 to {MOST_SELECTED} deliveries."
            raise ValidationFailed([Finding("/ids", "wrong_number", message)])
        refused, ids = [], []
        with self._works.write(actor) as work:
            # By id, so that two who replay the same wait for each other and nobody for both.
            for one in sorted(set(delivery_ids)):
                try:
                    ids.append(_checked(work, one).id)
                except (NotFound, Gone, Conflict) as error:
                    refused.append(Refusal(id=one, reason=error.detail))
            _again(work, ids)
            for one in ids:
                _audit(work, "replayed", one, {})
        return Replayed(replayed=len(ids), refused=tuple(refused))

    def count(self, actor: Actor, recovery: Recovery) -> int:
        """Tell how many `recover` would send again, up to one more than `MOST_AT_ONCE`.

        Raises as `recover`.
        """
        _require(actor)
        with self._works.read(actor) as work:
            return count(work, _meant(work, recovery))

    def recover(self, actor: Actor, recovery: Recovery) -> Replayed:
        """Send again all that failed or was missed, the oldest first, a part at a time.

        Raises NotFound, Gone, Conflict for the endpoint, ValidationFailed.
        """
        _require(actor)
        done = 0
        while done < MOST_AT_ONCE:
            with self._works.write(actor) as work:
                ids = _next(work, recovery)
                _again(work, ids)
                if ids:
                    told = {"since": format_instant(recovery.since), "deliveries": len(ids)}
                    _audit(work, "recovered", recovery.endpoint_id, told)
            done += len(ids)
            if len(ids) < _BATCH:
                return Replayed(replayed=done)
        return Replayed(replayed=done, left=True)


def _checked(work: Work, delivery_id: str) -> Delivery:
    """Give a delivery that can be sent again, held. Raises NotFound, Gone, Conflict."""
    row = delivery_of(work, delivery_id, lock=True)
    _check_endpoint(work, row.endpoint_id)
    if row.state == SENDING:
        raise Conflict("It is being sent just now: wait for what comes of it.")
    if row.state == QUEUED and row.round_attempts == 0:
        raise Conflict("It is on its way already, and was not tried yet.")
    return row


def _check_endpoint(work: Work, endpoint_id: str) -> None:
    endpoint = work.session.get(Endpoint, endpoint_id)
    if endpoint is None or endpoint.workspace_id != work.workspace_id:
        raise NotFound(KIND, endpoint_id)
    if endpoint.state == DELETED:
        raise Gone("Its endpoint was deleted. Create one for the address, and send to that.")
    if endpoint.state != ACTIVE:
        raise Conflict(f"Its endpoint is {endpoint.state}: enable it first, then replay.")


def _meant(work: Work, recovery: Recovery) -> list[ColumnElement[bool]]:
    if not recovery.states or not set(recovery.states) <= set(_LOST):
        message = f"Recover what is {' or '.join(_LOST)}."
        raise ValidationFailed([Finding("/states", "unknown_value", message)])
    question = DeliveryQuestion(
        endpoint_id=recovery.endpoint_id,
        states=recovery.states,
        since=recovery.since,
        until=recovery.until,
    )
    if recovery.endpoint_id:
        _check_endpoint(work, recovery.endpoint_id)
        return conditions(question)
    active = select(Endpoint.id).where(Endpoint.state == ACTIVE)
    return [*conditions(question), Delivery.endpoint_id.in_(active)]


def _next(work: Work, recovery: Recovery) -> Sequence[str]:
    statement = select(Delivery.id).where(*_meant(work, recovery)).order_by(Delivery.id)
    return work.session.scalars(statement.limit(_BATCH).with_for_update()).all()


def _again(work: Work, ids: Sequence[str]) -> None:
    """Queue deliveries as if they were new, but for the count of their attempts."""
    if not ids:
        return
    values: dict[str, Any] = {
        "state": QUEUED,
        "due_at": work.now,
        "round_attempts": 0,
        "trigger": MANUAL,
        "asked_by": asker_of(work),
        "leased_by": None,
        "finished_at": None,
    }
    work.session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    work.wake_workers()


def _audit(work: Work, action: str, subject: str, told: dict[str, Any]) -> None:
    work.audit(f"webhook_delivery.{action}", subject, {**told, "user_id": asker_of(work)})


def _require(actor: Actor) -> None:
    if not actor.allows(MANAGE):
        raise ScopeMissing(MANAGE, actor.label)
