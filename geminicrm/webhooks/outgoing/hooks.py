"""REST hooks: subscriptions that programs make, and take back themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from geminicrm.events.catalogue import Catalogues, sample_of
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import Finding, NotFound, ScopeMissing, ValidationFailed
from geminicrm.kernel.generation import WEBHOOKS, Generations
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.kernel.work import Actor, Works
from geminicrm.webhooks.outgoing.book import MANAGE, READ, bury, find
from geminicrm.webhooks.outgoing.models import DELETED, Endpoint
from geminicrm.webhooks.outgoing.service import Created, Endpoints
from geminicrm.webhooks.outgoing.wishes import HOOK, NewEndpoint

SAMPLES: Final = 3
_KIND: Final = "hook"
_BATCH: Final = 100
_LONGEST: Final = timedelta(days=3650)


class Hooks:
    """The REST hooks of the actor's workspace: endpoints of one event each, of origin `hook`."""

    def __init__(
        self,
        works: Works,
        generations: Generations,
        endpoints: Endpoints,
        catalogues: Catalogues,
    ) -> None:
        self._works = works
        self._generations = generations
        self._endpoints = endpoints
        self._catalogues = catalogues

    def subscribe(
        self, actor: Actor, target_url: str, event: str, expires_at: datetime | None = None
    ) -> Created:
        """Have events sent to an address until `expires_at`. Raises ScopeMissing, ValidationFailed.

        Findings are at the names that programs use: target_url, event, expiration_date.
        """
        now = self._works.clock.now()
        if expires_at is not None and not now < expires_at <= now + _LONGEST:
            message = "Give an instant to come, within ten years."
            raise ValidationFailed([Finding("/expiration_date", "out_of_range", message)])
        wanted = NewEndpoint(url=target_url, events=(event,), origin=HOOK, expires_at=expires_at)
        try:
            return self._endpoints.create(actor, wanted)
        except ValidationFailed as error:
            raise ValidationFailed(_renamed(one) for one in error.findings) from None

    def unsubscribe(self, actor: Actor, hook_id: str) -> None:
        """End a subscription. Raises ScopeMissing, NotFound."""
        if not actor.allows(MANAGE):
            raise ScopeMissing(MANAGE, actor.label)
        with self._works.read(actor) as work:
            row = work.session.get(Endpoint, hook_id)
            if row is None or row.workspace_id != work.workspace_id or row.origin != HOOK:
                raise NotFound(_KIND, hook_id)
            if row.state == DELETED:
                raise NotFound(_KIND, hook_id)
        self._endpoints.delete(actor, hook_id)

    def samples(self, actor: Actor, event: str) -> list[dict[str, Any]]:
        """Give the latest events of a type as they are sent, or its sample where there are none.

        Raises ScopeMissing for who may not be told of them, NotFound for no such type.
        """
        catalogue = self._catalogues.of(actor)
        found = catalogue.get(event)
        if not catalogue.may_read(actor, event):
            raise ScopeMissing(found.scope or READ, actor.label)
        latest = (
            select(OutboxEvent)
            .where(OutboxEvent.type == event, OutboxEvent.position.is_not(None))
            .order_by(OutboxEvent.position.desc())
            .limit(SAMPLES)
        )
        with self._works.read(actor) as work:
            rows: Sequence[OutboxEvent] = work.session.scalars(latest).all()
            return [row.stored().body() for row in rows] or [sample_of(found)]

    def expire(self) -> int:
        """End the subscriptions whose time is over, in every workspace; give how many."""
        ended = 0
        with self._works.across_workspaces("webhooks: subscriptions that ran out") as work:
            due = (
                select(Endpoint.workspace_id, Endpoint.id)
                .where(Endpoint.expires_at <= work.now, Endpoint.state != DELETED)
                .order_by(Endpoint.expires_at)
                .limit(_BATCH)
            )
            rows = work.session.execute(due).all()
        for workspace_id, endpoint_id in rows:
            ended += self._expire(workspace_id, endpoint_id)
        return ended

    def _expire(self, workspace_id: str, endpoint_id: str) -> bool:
        with self._works.write(SystemActor(workspace_id)) as work:
            try:
                row = find(work, endpoint_id, lock=True)
            except NotFound:
                return False  # taken back meanwhile
            bury(work, row)
            row.reason = "The subscription has expired."
            work.audit("webhook_endpoint.expired", row.id, {})
            self._generations.bump(work, WEBHOOKS)
            return True


_NAMES: Final = {"url": "target_url", "events": "event"}


def _renamed(one: Finding) -> Finding:
    name, *_rest = one.pointer.strip("/").split("/")
    return Finding(f"/{_NAMES.get(name, name)}", one.code, one.message)
