"""Reading mailboxes: each connection that can is read every few minutes, page by page."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from extensions.sdk.capabilities.email import MailPage
from extensions.sdk.errors import SdkError
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.jobs.kinds import Claimed, Run
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.mail.filing import Records, file_mail
from geminicrm.mail.models import MailboxState

FETCHING_KIND: Final = "mail.fetch"
EVERY: Final = timedelta(minutes=5)
PAGE: Final = 50
_SECONDS: Final = 300
_log = structlog.get_logger(__name__)


class Mailboxes(Protocol):
    """Whoever provides the capability `mailbox`."""

    def all(self) -> Iterable[tuple[str, str]]:
        """Give workspace and connection of each that is active."""
        ...

    def personal(self, connection_id: str) -> bool:
        """Tell whether it belongs to one person; yes where that is not known."""
        ...

    def fetch(
        self, actor: Actor, connection_id: str, cursor: str, limit: int, since: datetime
    ) -> MailPage:
        """Give the next page. Raises NotConnected, ServiceError."""
        ...


class MailboxKeeper:
    """Asks for mailboxes to be read whose time has come; any number of workers may do so."""

    def __init__(self, works: Works, mailboxes: Mailboxes) -> None:
        self._works = works
        self._mailboxes = mailboxes

    def step(self) -> None:
        """Begin with those that are new, and enqueue those that are due."""
        for workspace_id, connection_id in self._mailboxes.all():
            try:
                with self._works.write(SystemActor(workspace_id)) as work:
                    _ask(work, connection_id)
            except IntegrityError:
                _log.debug("another worker was quicker with a mailbox", connection=connection_id)


def _ask(work: Work, connection_id: str) -> None:
    query = select(MailboxState).where(MailboxState.connection_id == connection_id)
    row = work.session.scalar(query)
    if row is None:
        row = MailboxState(
            id=new_id("mbox"),
            workspace_id=work.workspace_id,
            connection_id=connection_id,
            cursor="",
            since=work.now,
            next_at=work.now,
        )
        work.session.add(row)
    if row.next_at > work.now:
        return
    row.next_at = work.now + EVERY
    new = NewJob(
        kind=FETCHING_KIND,
        payload={"connection_id": connection_id},
        seconds=_SECONDS,
        max_attempts=1,  # it comes round again by itself
        unique_key=connection_id,
    )
    enqueue(work, new)


class FetchKind:
    """Implements the engine's Kind: reads a mailbox to its present end.

    What a page brings is stored with the new cursor in one transaction: a worker that is killed in
    between loses nothing and files nothing twice.
    """

    name = FETCHING_KIND

    def __init__(self, works: Works, mailboxes: Mailboxes, records: Records) -> None:
        self._works = works
        self._mailboxes = mailboxes
        self._records = records

    def ready(self) -> bool:
        """Give True: a mailbox that can't be read says so for itself."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:
        """Read it. What the service says is kept with the mailbox, and tried again next time."""
        actor = SystemActor(job.workspace_id)
        connection_id = job.payload["connection_id"]
        filed, more = 0, True
        while more:
            run.check()
            state = self._state(actor, connection_id)
            if state is None:
                return None
            try:
                page = self._mailboxes.fetch(actor, connection_id, state.cursor, PAGE, state.since)
            except SdkError as error:
                self._note(actor, connection_id, str(error))
                return {"filed": filed, "error": str(error)}
            filed += self._keep(actor, connection_id, page)
            more = page.more and page.cursor != state.cursor
        return {"filed": filed}

    def _state(self, actor: Actor, connection_id: str) -> MailboxState | None:
        with self._works.read(actor) as work:
            return _mailbox(work, connection_id)

    def _keep(self, actor: Actor, connection_id: str, page: MailPage) -> int:
        personal = self._mailboxes.personal(connection_id)
        with self._works.write(actor) as work:
            row = _mailbox(work, connection_id)
            if row is None:
                return 0
            new = [
                file_mail(work, self._records, connection_id, one, personal=personal)
                for one in page.mails
            ]
            row.cursor, row.read_at, row.error = page.cursor, work.now, None
            return sum(new)

    def _note(self, actor: Actor, connection_id: str, error: str) -> None:
        with self._works.write(actor) as work:
            row = _mailbox(work, connection_id)
            if row is not None:
                row.error = error


def _mailbox(work: Work, connection_id: str) -> MailboxState | None:
    return work.session.scalar(
        select(MailboxState).where(MailboxState.connection_id == connection_id)
    )
