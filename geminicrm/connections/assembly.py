"""The room of connections of one process, put together from what app.py has made."""

from dataclasses import dataclass

from geminicrm.connections.book import ConnectionBook
from geminicrm.connections.diagnosis import Diagnosis
from geminicrm.connections.ending import End, Ending, Revoker
from geminicrm.connections.exploring import Exploring, Reader
from geminicrm.connections.leaving import Leaving, LeavingKind
from geminicrm.connections.oauth.vendor import Vendor
from geminicrm.connections.opened import SharedValues
from geminicrm.connections.reachability import Reachability, WebhookPaths
from geminicrm.connections.services import Services
from geminicrm.connections.syncing import MailSyncs, RecordSyncs, SyncFacts
from geminicrm.connections.testing import SignIn, Testing
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionNeeds:
    """What the room stands on.

    `sign_in`, `connect` and `end` have an integration test a connection, take it up and end it;
    `vendor` is asked for its part of a sign-in; `revoker` takes tokens back;
    `reader` asks what changes nothing; `webhooks` gives the addresses that webhooks come to.
    """

    works: Works
    generations: Generations
    vault: Vault
    services: Services
    shared: SharedValues
    http: HttpClient
    public_url: str
    sign_in: SignIn
    connect: SignIn
    vendor: Vendor
    end: End
    revoker: Revoker
    reader: Reader
    webhooks: WebhookPaths


@dataclass(frozen=True, slots=True)
class Connections:
    """The services of the room."""

    book: ConnectionBook
    testing: Testing
    ending: Ending
    exploring: Exploring
    reachability: Reachability
    syncs: tuple[SyncFacts, ...]
    vendor: Vendor

    @property
    def leaving(self) -> Leaving:
        """What is done when somebody leaves."""
        return Leaving(self.book)

    @property
    def kind(self) -> LeavingKind:
        """The job of this room."""
        return LeavingKind(self.book, self.ending)


def build_connections(needs: ConnectionNeeds) -> Connections:
    """Make them."""
    book = ConnectionBook(needs.works, needs.generations, needs.vault, needs.services, needs.shared)
    reachability = Reachability(needs.vault, needs.http, needs.public_url, needs.webhooks)
    return Connections(
        book,
        Testing(book, Diagnosis(needs.http.guard), needs.sign_in, reachability, needs.connect),
        Ending(book, needs.end, needs.revoker),
        Exploring(book, needs.reader),
        reachability,
        (MailSyncs(), RecordSyncs()),
        needs.vendor,
    )
