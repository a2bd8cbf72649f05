"""What the first look into a mailbox of many mails costs in memory: a real server, real parsing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from bench.lab import Lab
from bench.report import Row, Target
from bench.working import engines, opened
from bench.workloads.first_sync import own_memory, stored_connection
from extensions.sdk.capabilities.email import MailPage
from geminicrm.app import Core
from geminicrm.crm.filing import MailRecords
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.engine import Duties, Engine
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.work import Actor
from geminicrm.mail.fetching import FETCHING_KIND, FetchKind
from geminicrm.mail.models import MailboxState, StoredFile, StoredMail
from tests.support.certificates import Issued, issue
from tests.support.dovecot import (
    MISSING,
    PASSWORD,
    Dovecot,
    Mailbox,
    find_dovecot,
    started_dovecot,
)
from tests.support.mail_app import MailApp

NAME = "first_mails"
_WARM = 200
_SECONDS = 3_600
_TEXT = "It works, and it works better than we thought. " * 60
_EVERY = 10
_FILE_BYTES = 150_000


@dataclass
class Watched:
    """Implements Mailboxes: one of smtp-email, and our memory after each page of it."""

    app: MailApp
    peak: float = 0.0

    def all(self) -> Iterable[tuple[str, str]]:
        """Give none: the bench says what is read."""
        return ()

    def personal(self, _connection_id: str) -> bool:
        """Tell that the workspace reads it."""
        return False

    def fetch(
        self, _actor: Actor, _connection_id: str, cursor: str, limit: int, since: datetime
    ) -> MailPage:
        """Give the next page."""
        page: MailPage = self.app.ask("mailbox", "fetch", cursor=cursor, limit=limit, since=since)
        self.peak = max(self.peak, own_memory())
        return page


def run(lab: Lab) -> list[Row]:
    """Measure this process before, and at each page of, the first look."""
    binary = find_dovecot()
    if binary is None:
        lab.missing.append(MISSING)
        return []
    rows: list[Row] = []
    issued = issue(lab.home(NAME))
    with started_dovecot(binary, issued) as server, engines(lab, NAME) as homes:
        for engine, environ in homes.items():
            with opened(environ) as (core, actor):
                rows.append(_row(lab, core, actor, engine, _Peer(server, issued)))
    return rows


@dataclass(frozen=True)
class _Peer:
    server: Dovecot
    issued: Issued

    def watched(self, mailbox: Mailbox) -> Watched:
        """Connect smtp-email to a mailbox."""
        app = MailApp(
            self.issued.authority, PASSWORD, username=mailbox.user, from_address=mailbox.user,
            host="127.0.0.1", imap_host="127.0.0.1", imap_port=mailbox.port,
        )  # fmt: skip
        return Watched(app)


def _row(lab: Lab, core: Core, actor: SystemActor, engine: str, peer: _Peer) -> Row:
    mailbox = peer.server.mailbox(f"{engine.lower()}@bench.example")
    watched = peer.watched(mailbox)
    hand = Engine(core.works, core.metrics, own_name(), Duties(kinds=(
        FetchKind(core.works, watched, MailRecords(core.crm)),)))  # fmt: skip
    at = _begin(core, actor)
    connection_id = stored_connection(core, actor).id
    _watch(core, actor, connection_id)
    _put(mailbox, range(_WARM), at)
    _read(core, actor, hand, connection_id)
    idle, watched.peak = own_memory(), 0.0
    _put(mailbox, range(_WARM, lab.options.rows), at)
    _read(core, actor, hand, connection_id)
    hand.close()
    with core.works.read(actor) as work:
        stored = work.session.query(StoredMail).count()
        files = work.session.query(StoredFile).count()
    lab.say(f"{NAME}: {engine}: {idle:.0f} MiB idle, at most {watched.peak:.0f}; {files} files")
    return Row(
        workload=NAME,
        what=f"memory above idle, {stored:,} mails, {files:,} files of 150 kB, {engine}",
        unit="MiB",
        ours=max(watched.peak - idle, 0.0),
        target=Target(value=50, better="lower"),
        wrong=lab.options.rows - stored,
    )


def _begin(core: Core, actor: SystemActor) -> int:
    """Make the lead that every second mail belongs to; give a time when mails can come, Unix."""
    core.crm.leads.create(actor, {"last_name": "Lovelace", "email": "ada@engines.example"})
    with core.works.read(actor) as work:
        return int(work.now.timestamp()) + 60


def _watch(core: Core, actor: SystemActor, connection_id: str) -> None:
    with core.works.write(actor) as work:
        work.session.add(
            MailboxState(
                id=new_id("mbox"), workspace_id=actor.workspace_id, connection_id=connection_id,
                cursor="", since=work.now, next_at=work.now,
            )
        )  # fmt: skip


def _read(core: Core, actor: SystemActor, hand: Engine, connection_id: str) -> None:
    """Read the mailbox to its end."""
    new = NewJob(kind=FETCHING_KIND, payload={"connection_id": connection_id}, seconds=_SECONDS)
    with core.works.write(actor) as work:
        enqueue(work, new)
    hand.drain()


def _put(mailbox: Mailbox, numbers: Iterable[int], at: int) -> None:
    for number in numbers:
        mailbox.put(_mail(number), seconds=at)


def _mail(number: int) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "ada@engines.example" if number % 2 else f"p{number}@x.example"
    mail["Subject"], mail["Message-ID"] = f"Number {number}", f"<{number}@bench.example>"
    mail.set_content(_TEXT)
    if number % _EVERY == 0:
        content = number.to_bytes(4, "big") * (_FILE_BYTES // 4)
        mail.add_attachment(content, "application", "pdf", filename=f"{number}.pdf")
    return mail.as_bytes()
