"""Trying an endpoint out with the samples of the catalogue."""

from geminicrm.events.catalogue import Catalogues, sample_of
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict, ScopeMissing
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Works
from geminicrm.webhooks.outgoing.book import MANAGE, find
from geminicrm.webhooks.outgoing.handing import hand_over
from geminicrm.webhooks.outgoing.models import ACTIVE, PING
from geminicrm.webhooks.outgoing.shapes import Shape, delivery_shape


class Trials:
    """Sends samples to endpoints of the actor's workspace."""

    def __init__(self, works: Works, catalogues: Catalogues) -> None:
        self._works = works
        self._catalogues = catalogues

    def sample(self, actor: Actor, endpoint_id: str, event_type: str) -> Shape:
        """Send one sample event, past subscription and filter, in the endpoint's own form.

        Gives the delivery. Raises ScopeMissing, NotFound for endpoint or type, Conflict where
        nothing is sent to it.
        """
        if not actor.allows(MANAGE):
            raise ScopeMissing(MANAGE, actor.label)
        sample = sample_of(self._catalogues.of(actor).get(event_type))
        with self._works.write(actor) as work:
            row = find(work, endpoint_id)
            if row.state != ACTIVE:
                raise Conflict(f"The endpoint is {row.state}: enable it first, then try it.")
            event = {
                **sample,
                "id": new_id("evt"),
                "timestamp": format_instant(work.now),
                "workspace_id": work.workspace_id,
            }
            (delivery,) = hand_over(work, [row], event, PING)
            told = {"event_id": event["id"], "type": event_type}
            work.audit("webhook_endpoint.sampled", row.id, told)
            return delivery_shape(delivery)
