"""Files of mails on their whole way: from our outbox through SMTP, and from a mailbox to a lead."""

import hashlib
import json
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from aiosmtpd.smtp import AuthResult
from urllib3 import encode_multipart_formdata

from geminicrm.app import create_app
from geminicrm.mail.fetching import MailboxKeeper
from tests.support.connecting import connect
from tests.support.core import START
from tests.support.crm_pages import visitor
from tests.support.dovecot import PASSWORD as MAILBOX_PASSWORD
from tests.support.working import Hands

LATER = int(START.timestamp()) + 1800
PLAN = bytes(range(256)) * 8_000
WHOLE = b"\xa5\x01" * 12_500_000
BODY = {"to": [{"email": "ada@engines.example"}], "subject": "The plan", "text": "See below."}
NAMES = b"""From: Ada <ada@engines.example>
Subject: Names
Message-ID: <names@engines.example>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Hi
--b
Content-Disposition: attachment; filename*=iso-8859-1''%DCbersicht.pdf

1
--b
Content-Disposition: attachment; filename="=?gb2312?B?16LK6S5wZGY=?="

2
--b
Content-Disposition: attachment; filename="=?utf-8?Q?=C3=9Cber?=
 =?utf-8?Q?sicht.pdf?="

3
--b
Content-Disposition: attachment; filename="\xdcber.pdf"

4
--b
Content-Disposition: attachment; filename*0*=utf-8''%C3%9Cber; filename*1*=uns.pdf

5
--b
Content-Disposition: attachment; filename="../../.bashrc"

6
--b
Content-Disposition: attachment; filename*0*=

7
--b
Content-Disposition: attachment; filename="=?nope?B?!!!?= x.pdf"
Content-Type: text/html; charset=nope; x=\xff

8
--b
Content-Type: application/pdf; name=broken.pdf
Content-Transfer-Encoding: base64

not base64 at all!
"""


def anybody(*_about):
    return AuthResult(success=True)


class Office:
    """Our end of it, and the servers; `olga` sits before its pages."""

    def __init__(self, mail, peer, mailbox):
        self.core, self.tenant, self.peer, self.mailbox = mail.core, mail.tenant, peer, mailbox
        self.hands = Hands(mail.core, kinds=mail.core.kinds())
        app = create_app(core=mail.core)
        self.client, self.olga = app.test_client(), visitor(app, mail.tenant)
        self.lead = mail.core.crm.leads.create(
            mail.tenant.owner(), {"last_name": "Lovelace", "email": "ada@engines.example"}
        )

    def send(self, *files):
        given = [("files", one) for one in files]
        data, kind = encode_multipart_formdata([("mail", json.dumps(BODY)), *given])
        headers = self.tenant.headers()
        made = self.client.post("/api/mails", data=data, content_type=kind, headers=headers)
        assert made.status_code == 201, made.json
        self.hands.work()
        return made.json

    def fetch(self, *raws):
        for raw in raws:
            self.mailbox.put(raw, seconds=LATER)
        MailboxKeeper(self.core.works, self.core.mailboxes).step()
        self.hands.work()

    def came(self):
        """Give name and content of each file at the one mail in the timeline, as a browser does."""
        page = self.olga.page(f"/leads/{self.lead['id']}")
        mail = page.partition('href="/inbox/')[2].partition('"')[0].partition("/")[0]
        addresses = self.olga.page(f"/inbox/{mail}").split('href="/inbox/')
        files = [one.partition('"')[0] for one in addresses if f"{mail}/files/" in one]
        answers = [self.olga.get(f"/inbox/{one}") for one in files]
        return [(one.headers["Content-Disposition"], one.data) for one in answers]


@pytest.fixture
def office(open_built_in, trusted, start_smtp, make_mailbox, clock):
    mail, mailbox = open_built_in("smtp-email"), make_mailbox()
    # Taken as a vendor takes it: 25 MB of files, encoded.
    peer = start_smtp(authenticator=anybody, data_size_limit=35_882_577)
    connect(
        mail, base_url=peer.url, username=mailbox.user, password=MAILBOX_PASSWORD,
        from_address="us@north.example", imap_host="127.0.0.1", imap_port=mailbox.port,
    )  # fmt: skip
    mail.core.runtime.reconcile()
    made = Office(mail, peer, mailbox)
    made.fetch()  # only what comes after the first look counts
    clock.advance(301)
    yield made
    made.hands.close()


def test_what_we_send_arrives_as_it_was(office):
    office.send(("Übersicht.pdf", PLAN, "application/pdf"), ("a.eml", b"x", "message/rfc822"))
    plan, wrapped = office.peer.messages[0].iter_attachments()
    assert (plan.get_filename(), plan.get_content_type()) == ("Übersicht.pdf", "application/pdf")
    assert plan.get_content() == PLAN
    assert (wrapped.get_content_type(), wrapped.get_content()) == ("application/octet-stream", b"x")


def test_as_much_as_vendors_take_goes_out(office):
    made = office.send(("film.bin", WHOLE, "application/octet-stream"))
    (film,) = office.peer.messages[0].iter_attachments()
    assert hashlib.sha256(film.get_content()).digest() == hashlib.sha256(WHOLE).digest()
    mail = office.client.get(f"/api/mails/{made['id']}", headers=office.tenant.headers())
    assert mail.json["state"] == "sent"


def test_what_comes_in_is_fetched_from_its_lead(office):
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"], mail["Message-ID"] = "ada@engines.example", "P", "<1@e.example>"
    mail.set_content("See below.")
    mail.add_attachment(PLAN, "image", "svg+xml", filename="plan.svg")
    office.fetch(mail.as_bytes())
    assert office.came() == [("attachment; filename=plan.svg", PLAN)]


def test_as_much_as_vendors_take_comes_in(office):
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"], mail["Message-ID"] = "ada@engines.example", "F", "<2@e.example>"
    mail.set_content("See below.")
    mail.add_attachment(WHOLE, "video", "mp4", filename="film.mp4")
    office.fetch(mail.as_bytes())
    ((name, content),) = office.came()
    assert name == "attachment; filename=film.mp4"
    assert hashlib.sha256(content).digest() == hashlib.sha256(WHOLE).digest()


def test_names_of_any_charset_and_broken_ones_are_read(office):
    office.fetch(NAMES.replace(b"\n", b"\r\n"))
    assert [name.partition("; ")[2] for name, _content in office.came()] == [
        "filename=Ubersicht.pdf; filename*=UTF-8''%C3%9Cbersicht.pdf",
        "filename=.pdf; filename*=UTF-8''%E6%B3%A8%E4%B9%A6.pdf",
        "filename=Ubersicht.pdf; filename*=UTF-8''%C3%9Cbersicht.pdf",
        "filename=Uber.pdf; filename*=UTF-8''%C3%9Cber.pdf",
        "filename=Uberuns.pdf; filename*=UTF-8''%C3%9Cberuns.pdf",
        "filename=_.._.bashrc",
        "filename=file",
        "filename=x.pdf",
        "filename=broken.pdf",
    ]
    assert [content.strip() for _name, content in office.came()][:8] == [
        str(number).encode() for number in range(1, 9)
    ]
