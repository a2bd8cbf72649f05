"""The room of outgoing webhooks of one process, put together from what app.py has made."""

from dataclasses import dataclass

from geminicrm.events.catalogue import Catalogues
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import AddressGuard
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works
from geminicrm.webhooks.outgoing.addresses import Addresses
from geminicrm.webhooks.outgoing.hooks import Hooks
from geminicrm.webhooks.outgoing.keys import EndpointKeys
from geminicrm.webhooks.outgoing.listing import Deliveries
from geminicrm.webhooks.outgoing.replaying import Replays
from geminicrm.webhooks.outgoing.service import Endpoints
from geminicrm.webhooks.outgoing.triggering import Triggers
from geminicrm.webhooks.outgoing.trying import Trials


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingNeeds:
    """What the room stands on; `https_only` refuses addresses that are not encrypted."""

    works: Works
    generations: Generations
    vault: Vault
    catalogues: Catalogues
    guard: AddressGuard
    https_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """The services of the room."""

    works: Works
    keys: EndpointKeys
    catalogues: Catalogues
    endpoints: Endpoints
    deliveries: Deliveries
    replays: Replays
    hooks: Hooks
    triggers: Triggers
    trials: Trials


def build_outgoing(needs: OutgoingNeeds) -> Outgoing:
    """Make them."""
    works, keys = needs.works, EndpointKeys(needs.vault)
    addresses = Addresses(needs.guard, https_only=needs.https_only)
    endpoints = Endpoints(works, needs.generations, keys, needs.catalogues, addresses)
    return Outgoing(
        works=works,
        keys=keys,
        catalogues=needs.catalogues,
        endpoints=endpoints,
        deliveries=Deliveries(works, needs.catalogues.may_read),
        replays=Replays(works),
        hooks=Hooks(works, needs.generations, endpoints, needs.catalogues),
        triggers=Triggers(works, needs.catalogues),
        trials=Trials(works, needs.catalogues),
    )
