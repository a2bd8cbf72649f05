"""Making, changing and ending endpoints: the commands of this room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from geminicrm.events.catalogue import Catalogues
from geminicrm.kernel.errors import Conflict, Finding, ScopeMissing, ValidationFailed
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.generation import WEBHOOKS, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.webhooks.outgoing.addresses import Addresses
from geminicrm.webhooks.outgoing.book import MANAGE, READ, bury, find, place_of, seen, well_again
from geminicrm.webhooks.outgoing.checks import endpoint_findings, secret_findings
from geminicrm.webhooks.outgoing.events import WebhookPing
from geminicrm.webhooks.outgoing.handing import hand_over
from geminicrm.webhooks.outgoing.keys import EndpointKeys
from geminicrm.webhooks.outgoing.merging import led_away, merged, missing_values
from geminicrm.webhooks.outgoing.models import (
    ACTIVE,
    DISABLED,
    PAUSED,
    PING,
    Endpoint,
    EndpointHealth,
)
from geminicrm.webhooks.outgoing.questions import EndpointQuestion
from geminicrm.webhooks.outgoing.reading import Listed, endpoints_page
from geminicrm.webhooks.outgoing.shapes import Shape, delivery_shape, endpoint_shape
from geminicrm.webhooks.outgoing.signing import new_secret
from geminicrm.webhooks.outgoing.wishes import EndpointChanges, NewEndpoint

OVERLAP: Final = timedelta(hours=24)
"""So long after a rotation the old secret signs as well."""


@dataclass(frozen=True, slots=True)
class Created:
    """An endpoint, and its secret, which is shown this once."""

    endpoint: Shape
    secret: str


class Endpoints:
    """The endpoints of the actor's workspace.

    Each function opens a unit of work of its own, as addresses are looked up outside of any. All
    raise ScopeMissing, those for one endpoint NotFound.
    """

    def __init__(
        self,
        works: Works,
        generations: Generations,
        keys: EndpointKeys,
        catalogues: Catalogues,
        addresses: Addresses,
    ) -> None:
        self._works = works
        self._generations = generations
        self._keys = keys
        self._catalogues = catalogues
        self._addresses = addresses

    def create(self, actor: Actor, new: NewEndpoint) -> Created:
        """Make an endpoint. Raises ValidationFailed with every finding."""
        _require(actor, MANAGE)
        found = [*missing_values(new.headers), *self._findings(actor, new)]
        if new.secret:
            found += secret_findings(new.secret, any_secret=new.any_secret)
        _refuse(found)
        _refuse(self._addresses.look_up(new.url))
        secret = new.secret or new_secret()
        with self._works.write(actor) as work:
            row = self._row(work, new, secret)
            work.session.add(row)
            work.session.flush()  # its health points at it
            work.session.add(EndpointHealth(id=row.id, workspace_id=row.workspace_id))
            self._done(work, "created", row, {"url": place_of(row.url), "events": row.events})
            return Created(self._shape(work, row), secret)

    def change(self, actor: Actor, endpoint_id: str, changes: EndpointChanges) -> Shape:
        """Change an endpoint. Raises PreconditionFailed, ValidationFailed with every finding.

        Who changes one must be allowed to be told all that it sends: else an address could be
        changed to get what its owner may not read.
        """
        _require(actor, MANAGE)
        with self._works.read(actor) as work:
            row = find(work, endpoint_id)
            seen(row, changes.revision)
            headers = self._keys.headers(row)
            wish, revision, moved = merged(row, headers, changes.values), row.revision, row.url
            found = led_away(row, headers, changes.values)
        found += [*missing_values(wish.headers), *self._findings(actor, wish)]
        _refuse(found)
        if wish.url != moved:
            _refuse(self._addresses.look_up(wish.url))
        with self._works.write(actor) as work:
            row = find(work, endpoint_id, lock=True)
            seen(row, revision)
            self._fill(row, wish)
            row.updated_at = work.now
            if wish.url != moved:
                well_again(work, row.id)
            told = {"fields": sorted(changes.values), "url": place_of(row.url)}
            self._done(work, "changed", row, told)
            return self._shape(work, row)

    def pause(self, actor: Actor, endpoint_id: str) -> Shape:
        """Have nothing sent until `resume`: what happens meanwhile is missed. Raises Conflict."""
        _require(actor, MANAGE)
        with self._works.write(actor) as work:
            row = find(work, endpoint_id, lock=True)
            if row.state == DISABLED:
                raise Conflict("It is switched off already: nothing is sent to it.")
            if row.state == ACTIVE:
                self._move(work, row, PAUSED, f"Paused by {actor.label}.")
                self._done(work, "paused", row, {})
            return self._shape(work, row)

    def resume(self, actor: Actor, endpoint_id: str) -> Shape:
        """Send again, with past failures forgotten; what was missed can be recovered."""
        _require(actor, MANAGE)
        with self._works.write(actor) as work:
            row = find(work, endpoint_id, lock=True)
            if row.state != ACTIVE:
                was = row.state
                self._move(work, row, ACTIVE, "")
                well_again(work, row.id)
                work.wake_workers()
                self._done(work, "enabled", row, {"was": was})
            return self._shape(work, row)

    def delete(self, actor: Actor, endpoint_id: str, revision: int | None = None) -> None:
        """End an endpoint; its log stays as long as any. Raises PreconditionFailed."""
        _require(actor, MANAGE)
        with self._works.write(actor) as work:
            row = find(work, endpoint_id, lock=True)
            seen(row, revision)
            bury(work, row)
            self._done(work, "deleted", row, {"url": place_of(row.url)})

    def rotate_secret(
        self, actor: Actor, endpoint_id: str, *, secret: str = "", immediate: bool = False
    ) -> Created:
        """Give an endpoint a new secret, and with `immediate` end the old one at once.

        Otherwise both sign for `OVERLAP`, the new one first. Raises ValidationFailed.
        """
        _require(actor, MANAGE)
        _refuse(secret_findings(secret, any_secret=False) if secret else [])
        secret = secret or new_secret()
        with self._works.write(actor) as work:
            row = find(work, endpoint_id, lock=True)
            row.old_secret = None if immediate else row.secret
            row.old_secret_until = None if immediate else work.now + OVERLAP
            row.secret, row.updated_at = self._keys.seal(secret), work.now
            self._done(work, "secret_rotated", row, {"immediate": immediate})
            return Created(self._shape(work, row), secret)

    def ping(self, actor: Actor, endpoint_id: str) -> Shape:
        """Send `webhook.ping` to one endpoint, past its subscription and filter; give the delivery.

        Raises Conflict where nothing is sent to it.
        """
        _require(actor, MANAGE)
        with self._works.write(actor) as work:
            row = find(work, endpoint_id)
            if row.state != ACTIVE:
                raise Conflict(f"The endpoint is {row.state}: enable it first, then try it.")
            event = StoredEvent(
                id=new_id("evt"),
                type=WebhookPing.type,
                schema_version=WebhookPing.schema_version,
                object_id=row.id,
                object_version=1,
                timestamp=work.now,
                workspace_id=work.workspace_id,
                data={"endpoint_id": row.id, "sent_by": actor.label},
            )
            (delivery,) = hand_over(work, [row], event.body(), PING)
            work.audit("webhook_endpoint.pinged", row.id, {"event_id": event.id})
            return delivery_shape(delivery)

    def get(self, actor: Actor, endpoint_id: str) -> Shape:
        """Give one endpoint."""
        _require(actor, READ)
        with self._works.read(actor) as work:
            return self._shape(work, find(work, endpoint_id))

    def list(self, actor: Actor, question: EndpointQuestion | None = None) -> Listed:
        """Give one page, the latest first. Raises ValidationFailed."""
        _require(actor, READ)
        with self._works.read(actor) as work:
            return endpoints_page(work, question or EndpointQuestion(), self._shape)

    def _findings(self, actor: Actor, new: NewEndpoint) -> Sequence[Finding]:
        catalogue = self._catalogues.of(actor)
        return [*self._addresses.findings(new.url), *endpoint_findings(new, catalogue, actor)]

    def _row(self, work: Work, new: NewEndpoint, secret: str) -> Endpoint:
        row = Endpoint(
            id=new_id("whe"),  # codespell:ignore whe
            workspace_id=work.workspace_id,
            secret=self._keys.seal(secret),
            state=ACTIVE,
            reason="",
            state_at=work.now,
            origin=new.origin,
            expires_at=new.expires_at,
            created_by=work.actor.label[:200],
            owner_id=getattr(work.actor, "user_id", None),
            created_at=work.now,
            updated_at=work.now,
        )
        self._fill(row, new)
        return row

    def _fill(self, row: Endpoint, new: NewEndpoint) -> None:
        row.url, row.description = new.url, new.description
        row.events = [*dict.fromkeys(new.events)]
        row.headers = self._keys.seal_headers({k: v for k, v in new.headers.items() if v})
        row.shape = new.shaping.stored()
        row.rate, row.concurrency = new.rate, new.concurrency

    def _move(self, work: Work, row: Endpoint, state: str, reason: str) -> None:
        row.state, row.reason = state, reason[:300]
        row.state_at = row.updated_at = work.now

    def _done(self, work: Work, action: str, row: Endpoint, told: Mapping[str, object]) -> None:
        work.audit(f"webhook_endpoint.{action}", row.id, dict(told))
        self._generations.bump(work, WEBHOOKS)
        work.session.flush()  # its revision is told

    def _shape(self, work: Work, row: Endpoint) -> Shape:
        health = work.session.get(EndpointHealth, row.id)
        return endpoint_shape(row, self._keys.header_names(row), health)


def _require(actor: Actor, scope: str) -> None:
    if not actor.allows(scope):
        raise ScopeMissing(scope, actor.label)


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise ValidationFailed(findings)
