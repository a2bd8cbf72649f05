"""What one process is made of; app.py puts it together."""

from dataclasses import dataclass

from geminicrm.config import Settings
from geminicrm.connections.assembly import Connections
from geminicrm.connections.oauth.assembly import OAuth
from geminicrm.crm.build import Crm
from geminicrm.crm.filing import MailRecords
from geminicrm.jobs.kind_names import KIND_NAMES
from geminicrm.jobs.service import Jobs
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.db import Database
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.jobs.kinds import EventKind, Kind
from geminicrm.kernel.jobs.retention import Keeper
from geminicrm.kernel.jobs.settling import Watcher
from geminicrm.kernel.jobs.wakes import Wakes
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.outbox import Sink
from geminicrm.kernel.work import Works
from geminicrm.mail.doors_needed import MailNeeds
from geminicrm.mail.fetching import FetchKind
from geminicrm.mail.sending import MailKind
from geminicrm.notifications.jobs import JobNotices
from geminicrm.runtime.attention.assembly import Care
from geminicrm.runtime.attention.attention import Attention
from geminicrm.runtime.labels import names
from geminicrm.runtime.mailing import CapabilityMailboxes, CapabilityMailer
from geminicrm.runtime.own_packages import OwnPackages
from geminicrm.runtime.recovery.watch import RecoveryWatch
from geminicrm.runtime.replaying.replays import Replays
from geminicrm.runtime.runtime import ExtensionRuntime
from geminicrm.runtime.safe_mode import SafeMode
from geminicrm.runtime.service import LifeCycle
from marketplace.assembly import Marketplace
from marketplace.service import Registry


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
    def mail_needs(self) -> MailNeeds:
        """What the pages of mail need of other rooms."""
        return MailNeeds(
            read_record=self.crm.read_record,
            accounts=self.mailer.accounts,
            records=MailRecords(self.crm),
        )

    def sinks(self) -> tuple[Sink, ...]:
        """Name everybody who wants events."""
        return (self.runtime.sink,)

    def kinds(self) -> tuple[Kind, ...]:
        """Name the code that does jobs."""
        events = (EventKind(sink) for sink in self.sinks())
        send = MailKind(self.works, self.mailer, MailRecords(self.crm))
        fetch = FetchKind(self.works, self.mailboxes, MailRecords(self.crm))
        return (*events, *self.runtime.kinds, send, fetch)

    def watchers(self) -> tuple[Watcher, ...]:
        """Name everybody who hears what became of jobs."""
        return (self._notices(),)

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
