"""Writing down what became of many attempts, in one transaction."""

import random
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from geminicrm.kernel.generation import Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.webhooks.outgoing.disabling import disable, gone, hopeless
from geminicrm.webhooks.outgoing.health import Health, Tried, after, is_hopeless
from geminicrm.webhooks.outgoing.models import ATTEMPTS, DELIVERIES, HEALTH, Endpoint
from geminicrm.webhooks.outgoing.outcomes import Outcome
from geminicrm.webhooks.outgoing.verdicts import attempt_values, delivery_values, verdict

_FIELDS: Final = tuple(Health.__slots__)
_SETTLE: Final = (
    update(DELIVERIES)
    # Who has lost the lease has nothing to say any more: another one sends it again.
    .where(DELIVERIES.c.id == bindparam("the_id"), DELIVERIES.c.leased_by == bindparam("the_owner"))
    .values(
        leased_by=None,
        **{
            name: bindparam(name)
            for name in (
                "state", "due_at", "attempts", "round_attempts", "trigger", "last_status",
                "last_error", "milliseconds", "finished_at",
            )
        },
    )
)  # fmt: skip
_HEAL: Final = (
    update(HEALTH)
    .where(HEALTH.c.id == bindparam("the_id"))
    .values(**{name: bindparam(name) for name in _FIELDS})
)


def settle(
    work: Work, generations: Generations, owner: str, outcomes: Sequence[Outcome]
) -> dict[str, int]:
    """Write down outcomes; count them as metrics do: ok, retry and dead."""
    judged = [(one, verdict(one, random.random())) for one in outcomes]  # noqa: S311 - no secret
    work.session.execute(
        insert(ATTEMPTS), [{"id": new_id("wha"), **attempt_values(*one)} for one in judged]
    )
    work.session.execute(
        _SETTLE,
        [
            {"the_id": one.errand.id, "the_owner": owner, **delivery_values(one, found)}
            for one, found in judged
        ],
    )
    _note_health(work, generations, outcomes)
    dead = sum(found.next_at is None and bool(one.error) for one, found in judged)
    done = sum(not one.error for one in outcomes)
    return {"ok": done, "dead": dead, "retry": len(judged) - done - dead}


def _note_health(work: Work, generations: Generations, outcomes: Sequence[Outcome]) -> None:
    failing = {one.errand.endpoint_id for one in outcomes if one.error}
    if failing:
        # Before the health, in the order of ids: so does whoever enables one again.
        work.session.execute(
            select(Endpoint.id)
            .where(Endpoint.id.in_(failing))
            .order_by(Endpoint.id)
            .with_for_update(key_share=True)
        )
    known = _known(work, {one.errand.endpoint_id for one in outcomes})
    for one in sorted(outcomes, key=lambda one: one.ended):
        endpoint_id = one.errand.endpoint_id
        known[endpoint_id] = after(known.get(endpoint_id, Health()), _tried(one))
    work.session.execute(
        _HEAL, [{"the_id": key, **asdict(health)} for key, health in known.items()]
    )
    reasons: dict[str, tuple[str, datetime | None]] = {
        key: (hopeless(health.failing_since, health.last_error), health.failing_since)
        for key, health in known.items()
        if health.failing_since is not None and is_hopeless(health)
    }
    reasons |= {
        one.errand.endpoint_id: (gone(), known[one.errand.endpoint_id].failing_since)
        for one in outcomes
        if one.gone
    }
    if reasons:
        disable(work, generations, reasons)


def _known(work: Work, ids: set[str]) -> dict[str, Health]:
    rows = work.session.execute(
        select(*(HEALTH.c[name] for name in _FIELDS), HEALTH.c.id)
        .where(HEALTH.c.id.in_(ids))
        .order_by(HEALTH.c.id)
        .with_for_update()
    ).mappings()
    return {row["id"]: Health(**{name: row[name] for name in _FIELDS}) for row in rows}


def _tried(one: Outcome) -> Tried:
    return Tried(one.ended, one.status, one.error, one.detail, one.wait)
