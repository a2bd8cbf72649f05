"""A conversation with a customer, through a real SMTP server and a real mailbox."""

import re

import pytest
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select

from geminicrm.app import create_app
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.mail.fetching import MailboxKeeper
from geminicrm.mail.models import StoredMail
from tests.support.connecting import connect
from tests.support.core import START
from tests.support.dovecot import PASSWORD as MAILBOX_PASSWORD
from tests.support.working import Hands

ANSWER = """From: Ada at home <ada@home.example>
To: us@north.example
Subject: Re: Your engine
Message-ID: <answer@home.example>
In-Reply-To: {question}
References: {question}
Date: Sat, 21 Nov 2026 09:30:00 +0000
Content-Type: text/plain; charset=utf-8

I take it.
"""
LATER = int(START.timestamp()) + 1800


def anybody(*_about):
    return AuthResult(success=True)


class Conversation:
    """Our end of it, and the servers."""

    def __init__(self, mail, peer, mailbox):
        self.core, self.tenant, self.peer, self.mailbox = mail.core, mail.tenant, peer, mailbox
        self.hands = Hands(mail.core, kinds=mail.core.kinds())
        self.client = create_app(core=mail.core).test_client()
        self.lead = mail.core.crm.leads.create(
            mail.tenant.owner(), {"last_name": "Lovelace", "email": "ada@engines.example"}
        )

    def write(self, **body):
        answer = self.client.post("/api/mails", json=body, headers=self.tenant.headers())
        assert answer.status_code == 201, answer.json
        self.hands.work()
        return self.peer.messages[-1]

    def fetch(self, *raws):
        for raw in raws:
            self.mailbox.put(raw, seconds=LATER)
        MailboxKeeper(self.core.works, self.core.mailboxes).step()
        self.hands.work()

    def timeline(self):
        query = ListQuery(filters={"related_id": self.lead["id"], "kind": "email"})
        found = self.core.crm.activities.list(self.tenant.owner(), query).data
        return sorted((one["subject"], (one["body"] or "").splitlines()[-1]) for one in found)

    def received(self):
        with self.core.works.read(self.tenant.owner()) as work:
            query = select(StoredMail.id).where(StoredMail.state == "filed")
            return work.session.scalars(query).one()


@pytest.fixture
def conversation(open_built_in, trusted, start_smtp, make_mailbox):
    mail, mailbox = open_built_in("smtp-email"), make_mailbox()
    peer = start_smtp(authenticator=anybody)
    connect(
        mail, base_url=peer.url, username=mailbox.user, password=MAILBOX_PASSWORD,
        from_address="us@north.example", imap_host="127.0.0.1", imap_port=mailbox.port,
    )  # fmt: skip
    mail.core.runtime.reconcile()
    made = Conversation(mail, peer, mailbox)
    made.fetch()  # only what comes after the first look counts
    yield made
    made.hands.close()


def test_question_answer_and_answer_stand_in_one_thread_on_the_lead(conversation, clock):
    there = conversation
    question = there.write(
        to=[{"email": "ada@engines.example"}], subject="Your engine", text="Do you want it?",
        related_type="lead", related_id=there.lead["id"],
    )  # fmt: skip
    assert there.timeline() == [("Your engine", "Do you want it?")]
    clock.advance(301)
    answer = ANSWER.format(question=question["Message-ID"]).encode()
    there.fetch(there.peer.raw(0), answer)
    assert there.timeline() == [
        ("Re: Your engine", "I take it."),
        ("Your engine", "Do you want it?"),
    ]
    thanks = there.write(
        to=[{"email": "ada@home.example"}], subject="Re: Your engine", text="Thank you.",
        answer_to=there.received(),
    )  # fmt: skip
    assert thanks["In-Reply-To"] == "<answer@home.example>"
    assert re.findall(r"<[^>]*>", thanks["References"]) == [
        question["Message-ID"],
        "<answer@home.example>",
    ]
    assert ("Re: Your engine", "Thank you.") in there.timeline()
    assert len(there.timeline()) == 3
