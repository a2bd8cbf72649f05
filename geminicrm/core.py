"""What one process is made of; app.py puts it together."""

from collections.abc import Sequence
from dataclasses import dataclass

from geminicrm import __version__
from geminicrm.config import Settings
from geminicrm.connections.assembly import Connections
from geminicrm.connections.oauth.assembly import OAuth
from geminicrm.crm.build import Crm
from geminicrm.crm.build import event_types as crm_event_types
from geminicrm.crm.filing import MailRecords
from geminicrm.jobs.kind_names import KIND_NAMES
from geminicrm.jobs.service import Jobs
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.db import Database
from geminicrm.kernel.events import EventType
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import AddressGuard, HttpClient
from geminicrm.kernel.jobs.kinds import EventKind, Kind
from geminicrm.kernel.jobs.retention import Keeper
from geminicrm.kernel.jobs.settling import Watcher
from geminicrm.kernel.jobs.wakes import Wakes
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.outbox import Sink
from geminicrm.kernel.relay import BatchSink
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works
from geminicrm.mail.doors_needed import MailNeeds
from geminicrm.mail.fetching import FetchKind
from geminicrm.mail.sealing import SecretLinks
from geminicrm.mail.sending import MailKind
from geminicrm.members.assembly import Members, MembersNeeds, build_members
from geminicrm.notifications.jobs import JobNotices
from geminicrm.payments.assembly import Payments
from geminicrm.payments.events import TYPES as PAYMENT_EVENTS
from geminicrm.runtime.attention.assembly import Care
from geminicrm.runtime.attention.attention import Attention
from geminicrm.runtime.crm_syncing import CapabilityCrms
from geminicrm.runtime.labels import names
from geminicrm.runtime.mailing import CapabilityMailboxes, CapabilityMailer
from geminicrm.runtime.own_packages import OwnPackages
from geminicrm.runtime.recovery.watch import RecoveryWatch
from geminicrm.runtime.replaying.replays import Replays
from geminicrm.runtime.runtime import ExtensionRuntime
from geminicrm.runtime.safe_mode import SafeMode
from geminicrm.runtime.service import LifeCycle
from geminicrm.runtime.webhook_jobs import WebhookKind
from geminicrm.syncing.choosing import Choosing
from geminicrm.syncing.running import SyncKind
from geminicrm.syncing.sink import SyncSink
from geminicrm.webhooks.incoming.assembly import Incoming
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.endpoint_events import TYPES as ENDPOINT_EVENTS
from geminicrm.webhooks.outgoing.engine import DeliveryEngine, Parts
from geminicrm.webhooks.outgoing.events import TYPES as WEBHOOK_EVENTS
from geminicrm.webhooks.outgoing.opening import Doors
from geminicrm.webhooks.outgoing.placing import WebhookSink
from geminicrm.webhooks.outgoing.posting import Poster
from geminicrm.webhooks.outgoing.table import EndpointTable
from geminicrm.webhooks.receiver.service import Receivers
from marketplace.assembly import Marketplace
from marketplace.service import Registry


def event_types() -> Sequence[EventType]:
    """Give every type of event of the core."""
    return (*crm_event_types(), *PAYMENT_EVENTS, *WEBHOOK_EVENTS, *ENDPOINT_EVENTS)


@dataclass(frozen=True, kw_only=True)
class Core:
    """Everything of one process that outlives a request; `close` lets go of it."""

    settings: Settings
    database: Database
    works: Works
    wakes: Wakes
    generations: Generations
    cipher: Cipher
    metrics: Metrics
    http: HttpClient
    crm: Crm
    runtime: ExtensionRuntime
    life_cycle: LifeCycle
    replays: Replays
    recovery: RecoveryWatch
    marketplace: Marketplace
    own_packages: OwnPackages
    safe_mode: SafeMode
    care: Care
    jobs: Jobs
    oauth: OAuth
    connections: Connections
    payments: Payments
    sync_sink: SyncSink
    syncing: Choosing
    outgoing: Outgoing
    incoming: Incoming

    @property
    def attention(self) -> Attention:
        """What is wrong, each with its fix."""
        return self.care.attention

    @property
    def registry(self) -> Registry:
        """The embedded registry."""
        return self.marketplace.registry

    @property
    def mailer(self) -> CapabilityMailer:
        """Whoever sends mail."""
        return CapabilityMailer(self.runtime.capabilities)

    @property
    def mailboxes(self) -> CapabilityMailboxes:
        """Whoever can read mailboxes."""
        return CapabilityMailboxes(self.runtime.capabilities)

    @property
    def secret_links(self) -> SecretLinks:
        """The links of mails that are kept sealed."""
        return SecretLinks(Vault(self.cipher))

    @property
    def receivers(self) -> Receivers:
        """The test receivers of webhooks."""
        return Receivers(self.works, self.settings.public_url)

    def members(self) -> Members:
        """Make the room of members."""
        return build_members(
            MembersNeeds(
                works=self.works,
                generations=self.generations,
                vault=Vault(self.cipher),
                senders=self.mailer,
                leaving=self.connections.leaving,
                public_url=self.settings.public_url,
                session_days=self.settings.session_days,
            )
        )

    @property
    def mail_needs(self) -> MailNeeds:
        """What the pages of mail need of other rooms."""
        return MailNeeds(
            read_record=self.crm.read_record,
            accounts=self.mailer.accounts,
            records=MailRecords(self.crm),
            links=self.secret_links,
        )

    def sinks(self) -> tuple[Sink, ...]:
        """Name everybody who wants events."""
        return (self.runtime.sink, self.payments.leads, self.sync_sink)

    def batch_sinks(self) -> tuple[BatchSink, ...]:
        """Name everybody who writes down events in the relay's own transaction."""
        return (WebhookSink(EndpointTable(self.works, self.generations)),)

    def deliveries(self, owner: str) -> DeliveryEngine:
        """Make what sends webhooks in a worker, which `owner` names in leases."""
        guard = AddressGuard(self.settings.egress_allow, own=self.receivers.is_own)
        poster = Poster(guard, https_only=self.settings.production)
        return DeliveryEngine(
            Parts(
                works=self.works,
                generations=self.generations,
                metrics=self.metrics,
                owner=owner,
                poster=poster,
                doors=Doors(Vault(self.cipher)),
                version=__version__,
                poll_seconds=self.settings.relay_poll_seconds,
            )
        )

    def kinds(self) -> tuple[Kind, ...]:
        """Name the code that does jobs."""
        events = (EventKind(sink) for sink in self.sinks())
        records = MailRecords(self.crm)
        send = MailKind(self.works, self.mailer, records, self.secret_links)
        fetch = FetchKind(self.works, self.mailboxes, records)
        sync = SyncKind(self.works, CapabilityCrms(self.runtime.capabilities), self.crm)
        own: tuple[Kind, ...] = (send, fetch, sync, self.members().kind, self.connections.kind)
        return (*events, *self.runtime.kinds, self._webhook_kind(), *own, *self.payments.kinds)

    def _webhook_kind(self) -> WebhookKind:
        runtime = self.runtime
        return WebhookKind(
            runtime.convergence,
            runtime.calls,
            self.works,
            runtime.capabilities,
            self.incoming.inbox,
        )

    def watchers(self) -> tuple[Watcher, ...]:
        """Name everybody who hears what became of jobs."""
        return (self._notices(), self.incoming.inbox)

    def keepers(self) -> tuple[Keeper, ...]:
        """Name everybody who hears what leaves because it was kept long enough."""
        return (self._notices(),)

    def _notices(self) -> JobNotices:
        return JobNotices(names, KIND_NAMES)

    def start(self) -> None:
        """Follow changes, and end what killed processes left behind, from now on."""
        self.runtime.start()
        self.recovery.start()

    def close(self) -> None:
        """Stop threads, close files and connections."""
        self.recovery.stop()
        self.runtime.stop()
        self.http.close()
        self.generations.close()
        self.wakes.close()
        self.database.dispose()
