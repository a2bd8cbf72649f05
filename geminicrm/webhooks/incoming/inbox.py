"""Events on their way to their integrations: opened, handed over, closed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update

from extensions.sdk.webhooks import Changed, Handled, WebhookEvent
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.jobs.kinds import Claimed
from geminicrm.kernel.jobs.settling import Outcome
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work, Works
from geminicrm.webhooks.incoming.doors_needed import Listener
from geminicrm.webhooks.incoming.models import (
    DONE,
    FAILED,
    IGNORED,
    ITEMS,
    QUEUED,
    Received,
    ReceivedItem,
)
from geminicrm.webhooks.incoming.storing import KIND

_LONGEST_ERROR: Final = 1000
_OVER: Final = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that is to be handed over, and the connection that it is for."""

    connection_id: str
    event: WebhookEvent


class Inbox:
    """Opens and closes the events of jobs; `listeners` are told of changes, by capability."""

    def __init__(self, works: Works, listeners: Mapping[str, Listener]) -> None:
        self._works = works
        self._listeners = listeners

    def open(self, job: Claimed) -> Waiting | None:
        """Give the event of a job; None where it is gone, or was done before."""
        with self._works.read(SystemActor(job.workspace_id)) as work:
            item = work.session.get(ReceivedItem, job.payload["item_id"])
            if item is None or item.state in {DONE, IGNORED}:
                return None
            received = work.session.get_one(Received, item.received_id)
        event = WebhookEvent(
            id=item.key,
            webhook=received.webhook_id,
            type=item.type,
            data=json.loads(item.data),
            received_at=received.received_at,
            attempt=max(job.told, item.attempts + 1),
        )
        return Waiting(item.connection_id, event)

    def close(self, job: Claimed, waiting: Waiting, handled: Handled) -> None:
        """Note what came of it, and tell those who read again what has changed."""
        with self._works.write(SystemActor(job.workspace_id)) as work:
            item = work.session.scalar(
                select(ReceivedItem)
                .where(ReceivedItem.id == job.payload["item_id"])
                .with_for_update()
            )
            if item is None:
                return
            item.state = IGNORED if handled.ignored else DONE
            item.attempts += 1
            item.error, item.finished_at = None, work.now
            for capability, changed in _by_capability(handled.changed).items():
                listener = self._listeners.get(capability)
                if listener is not None:
                    listener(work, waiting.connection_id, changed)

    def settled(self, work: Work, outcomes: Sequence[Outcome]) -> None:
        """Hear what became of jobs: implements Watcher. A killed attempt counts as well."""
        for one in outcomes:
            if one.job.kind == KIND and one.how in _OVER:
                work.session.execute(
                    update(ITEMS)
                    .where(ITEMS.c.id == one.job.payload["item_id"], ITEMS.c.state == QUEUED)
                    .values(**_after(work, one))
                )


def _after(work: Work, one: Outcome) -> dict[str, Any]:
    ended = one.over or one.how == "cancelled"
    return {
        "attempts": ITEMS.c.attempts + (1 if one.how == "failed" else 0),
        "error": storable(one.error or "It was cancelled.", _LONGEST_ERROR),
        "state": FAILED if ended else QUEUED,
        "finished_at": work.now if ended else None,
    }


def _by_capability(changed: Sequence[Changed]) -> dict[str, list[Changed]]:
    found: dict[str, list[Changed]] = {}
    for one in changed:
        found.setdefault(one.capability, []).append(one)
    return found
