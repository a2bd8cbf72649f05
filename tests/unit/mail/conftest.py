"""A mailer that does what a test tells it, and the hands of a worker that sends."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from extensions.sdk.capabilities.email import Address, Mail, SentMail
from geminicrm.crm.filing import MailRecords
from geminicrm.mail.sending import MailKind
from geminicrm.mail.writing import NewMail, write_mail
from tests.support.working import Hands

ADA = Address(email="ada@example.com", name="Ada Lovelace")


@dataclass
class ScriptedMailer:
    """Implements Mailer; `answers` are given in turn, the last one again and again."""

    answers: list[Any] = field(default_factory=list)
    seen: list[tuple[Mail, str | None]] = field(default_factory=list)

    def send(self, _actor, mail: Mail, connection_id: str | None) -> tuple[str, str, SentMail]:
        self.seen.append((mail, connection_id))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        accepted = tuple(one.email for one in mail.to)
        sent = answer or SentMail(message_id=f"<{mail.idempotency_key}>", accepted=accepted)
        return "smtp-email", "conn_1", sent


@pytest.fixture
def mailer():
    return ScriptedMailer()


@pytest.fixture
def hands(core, mailer):
    sending = MailKind(core.works, mailer, MailRecords(core.crm), core.secret_links)
    made = Hands(core, kinds=[sending])
    yield made
    made.close()


@pytest.fixture
def write(core, tenant):
    """Give a function that writes a mail and gives its id."""

    def write(**facts):
        new = NewMail(**{"to": (ADA,), "subject": "Hello", "text": "Hi", **facts})
        with core.works.write(tenant.owner()) as work:
            return write_mail(work, new).id

    return write
