"""The room of incoming webhooks of one process, put together from what app.py has made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.work import Works
from geminicrm.webhooks.incoming.addresses import Addresses
from geminicrm.webhooks.incoming.doors_needed import Listener, Receivers
from geminicrm.webhooks.incoming.fetching import Fetched
from geminicrm.webhooks.incoming.inbox import Inbox
from geminicrm.webhooks.incoming.receiving import Counts, Reception
from geminicrm.webhooks.incoming.scheme import Scheme
from geminicrm.webhooks.incoming.schemes import SCHEMES

_BUILT_IN: Final[Mapping[str, Scheme]] = SCHEMES


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingNeeds:
    """What the room stands on; `listeners` hear of changes at services, by capability."""

    works: Works
    generations: Generations
    cipher: Cipher
    http: HttpClient
    counts: Counts
    receivers: Receivers
    listeners: Mapping[str, Listener]
    public_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What doors and workers take from this room."""

    addresses: Addresses
    reception: Reception
    inbox: Inbox
    receivers: Receivers
    public_url: str


def build_incoming(needs: IncomingNeeds, schemes: Mapping[str, Scheme] = _BUILT_IN) -> Incoming:
    """Make it."""
    addresses = Addresses(needs.works, needs.generations, needs.cipher, needs.receivers)
    reception = Reception(
        needs.works, addresses, needs.receivers, schemes, Fetched(needs.http), needs.counts
    )
    return Incoming(
        addresses=addresses,
        reception=reception,
        inbox=Inbox(needs.works, needs.listeners),
        receivers=needs.receivers,
        public_url=needs.public_url,
    )
