"""Sending mail: the job that hands one to a provider, once."""

from typing import Any, Final, Protocol

from extensions.sdk.capabilities.email import Address, Mail, MailFile, SentMail
from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import (
    NotConnected,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
)
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.jobs.kinds import Claimed, Postponed, Run
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.mail.files import to_send
from geminicrm.mail.models import FAILED, QUEUED, SENDING, SENT, UNKNOWN, WAITING, OutgoingMail
from geminicrm.mail.noting import SentRecords, note_on_record
from geminicrm.mail.sealing import LinkGone, SecretLinks
from geminicrm.mail.writing import SENDING_KIND

_LATER: Final = (RateLimited, ServiceUnavailable)
_SHORTEST_WAIT: Final = 5
_LOST = "The worker ended while it was sent, so nobody knows whether it was."
_LOOK = "Look into the sent folder of the account, then say that it was sent, or send it again."


class Mailer(Protocol):
    """Whoever provides the capability `email`."""

    def send(
        self, actor: Actor, mail: Mail, connection_id: str | None
    ) -> tuple[str, str, SentMail]:
        """Send; give the provider's id, the connection's id, and what came of it.

        Raises NotConnected, ServiceError.
        """
        ...


class MailKind:
    """Implements the engine's Kind: sends one stored mail.

    The row says `sending` before anybody is asked. Whoever finds it so has taken over from a worker
    that was killed in between: nothing is sent twice, a person decides.
    """

    name = SENDING_KIND

    def __init__(
        self, works: Works, mailer: Mailer, records: SentRecords, links: SecretLinks
    ) -> None:
        self._works = works
        self._mailer = mailer
        self._records = records
        self._links = links

    def ready(self) -> bool:
        """Give True: what can't be sent says so for each."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:  # noqa: ARG002 - a send is not interrupted
        """Send it, unless that was done. Any error that may pass means try again."""
        actor = SystemActor(job.workspace_id)
        mail_id = job.payload["mail_id"]
        mail = self._begin(actor, mail_id)
        if mail is None:
            return None
        last = job.attempt >= job.max_attempts
        try:
            provider, connection_id, sent = self._mailer.send(actor, *mail)
        except SdkError as error:
            self._failed(actor, mail_id, error, last=last)
            return {"error": str(error)}
        self._note(actor, mail_id, _sent(provider, connection_id, sent))
        return {"message_id": sent.message_id}

    def _begin(self, actor: Actor, mail_id: str) -> tuple[Mail, str | None] | None:
        with self._works.write(actor) as work:
            row = work.session.get(OutgoingMail, mail_id)
            if row is None or row.state not in {QUEUED, SENDING}:
                return None
            if row.state == SENDING:
                _set(row, {"state": UNKNOWN, "error": _LOST, "mend": _LOOK})
                return None
            try:
                text, html = self._links.filled(work, row)
            except LinkGone as error:
                _set(row, {"state": FAILED, "error": str(error), "mend": error.mend})
                return None
            row.state = SENDING
            row.attempts += 1
            # Read before the commit: a mail whose files can't be read was not begun.
            return _mail(row, text, html, to_send(work, row)), row.connection_id

    def _failed(self, actor: Actor, mail_id: str, error: SdkError, *, last: bool) -> None:
        later = isinstance(error, _LATER) and not last
        self._note(actor, mail_id, _not_sent(error, later=later))
        if later and isinstance(error, RateLimited):
            raise Postponed(str(error), max(error.retry_after, _SHORTEST_WAIT)) from error
        if later:
            raise error

    def _note(self, actor: Actor, mail_id: str, facts: dict[str, Any]) -> None:
        with self._works.write(actor) as work:
            row = work.session.get(OutgoingMail, mail_id)
            if row is not None:
                _set(row, _dated(work, facts))
                note_on_record(work, self._records, row)


def _dated(work: Work, facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "sent_at": work.now} if facts["state"] == SENT else facts


def _set(row: OutgoingMail, facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        setattr(row, name, value)


def _sent(provider: str, connection_id: str, sent: SentMail) -> dict[str, Any]:
    return {
        "state": SENT,
        "provider": provider,
        "sent_through": connection_id,
        "message_id": sent.message_id,
        "refused": [{"email": one.email, "reason": one.reason} for one in sent.refused],
        "error": None,
        "mend": None,
        "sealed": None,
    }


def _not_sent(error: SdkError, *, later: bool) -> dict[str, Any]:
    if isinstance(error, NotConnected):
        return {"state": WAITING, "error": str(error), "mend": "Connect a mail account."}
    told = {"error": str(error), "mend": error.mend if isinstance(error, ServiceError) else None}
    if isinstance(error, ServiceError) and error.accepted != "no":
        return {**told, "state": UNKNOWN}
    return {**told, "state": QUEUED if later else FAILED}


def _mail(row: OutgoingMail, text: str, html: str, files: tuple[MailFile, ...]) -> Mail:
    to, cc, bcc = (_addresses(row.recipients.get(name, ())) for name in ("to", "cc", "bcc"))
    return Mail(
        # Anew for each decision to send it: a person who sends it again means it.
        idempotency_key=f"{row.id}.{row.attempts}",
        to=to,
        cc=cc,
        bcc=bcc,
        subject=row.subject,
        text=text,
        html=html,
        files=files,
        in_reply_to=row.in_reply_to,
        references=tuple(row.references),
    )


def _addresses(given: Any) -> tuple[Address, ...]:
    return tuple(Address(email=one["email"], name=one["name"]) for one in given)
