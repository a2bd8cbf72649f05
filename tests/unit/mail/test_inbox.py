"""What comes in: where it is filed, once, and how far a mailbox was read."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from extensions.sdk.capabilities.email import Address, MailPage, ReceivedMail
from extensions.sdk.service_errors import ServiceUnavailable
from geminicrm.crm.filing import MailRecords
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.mail.fetching import FetchKind, MailboxKeeper
from geminicrm.mail.filing import key_row, put_once
from geminicrm.mail.models import MailboxState, OutgoingMail, StoredMail
from tests.support.integrations import connect_to, put_integration
from tests.support.working import Hands

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ADA = Address(email="Ada@Engines.example.com", name="Ada")
MAIL = ReceivedMail(
    id="1", message_id="<m1@x>", subject="About  the\nengine", received_at=AT, size=9,
    sender=ADA, text="It works.",
)  # fmt: skip


@dataclass
class ScriptedMailbox:
    """Implements Mailboxes: gives its pages in turn."""

    place: tuple[str, str] = ("", "")
    pages: list[object] = field(default_factory=list)
    asked: list[tuple[str, datetime]] = field(default_factory=list)
    own: bool = False

    def all(self):
        return [self.place]

    def personal(self, _connection_id):
        return self.own

    def fetch(self, _actor, _connection_id, cursor, _limit, since):
        self.asked.append((cursor, since))
        page = self.pages.pop(0) if self.pages else MailPage(mails=(), cursor=cursor, more=False)
        if isinstance(page, Exception):
            raise page
        return page


def page(*mails, cursor="c1", more=False):
    return MailPage(mails=mails, cursor=cursor, more=more)


@pytest.fixture
def box(stage, tenant):
    put_integration(stage, tenant)
    return ScriptedMailbox((tenant.id, connect_to(stage, tenant)))


@pytest.fixture
def read(core, box):
    """Give a function that reads the mailbox when its time has come."""
    hands = Hands(core, kinds=[FetchKind(core.works, box, MailRecords(core.crm))])

    def read(*pages):
        box.pages += pages
        MailboxKeeper(core.works, box).step()
        hands.work()

    yield read
    hands.close()


@pytest.fixture
def filed(core, tenant):
    """Give a function that lists the activities of a record."""

    def filed(kind, record):
        filters = {"related_type": kind, "related_id": record["id"], "kind": "email"}
        return core.crm.activities.list(tenant.owner(), ListQuery(filters=filters)).data

    return filed


@pytest.fixture
def stored(core, tenant):
    def stored(model=StoredMail):
        with core.works.read(tenant.owner()) as work:
            return list(work.session.scalars(select(model)))

    return stored


def test_a_mail_is_filed_by_its_sender_however_spelled(core, tenant, read, filed):
    contact = core.crm.contacts.create(
        tenant.owner(), {"last_name": "Lovelace", "email": "ADA@engines.example.com"}
    )
    core.crm.leads.create(tenant.owner(), {"email": "ada@engines.example.com"})
    read(page(MAIL))
    (activity,) = filed("contact", contact)
    assert (activity["subject"], activity["body"]) == ("About the engine", "It works.")
    assert activity["done_at"].startswith("2026-11-20T08:00:00")


def test_a_lead_is_found_by_its_new_address(core, tenant, read, filed):
    lead = core.crm.leads.create(tenant.owner(), {"email": "old@engines.example.com"})
    core.crm.leads.update(tenant.owner(), lead["id"], {"email": ADA.email})
    read(page(MAIL))
    assert len(filed("lead", lead)) == 1


def test_the_same_mail_is_filed_once(core, tenant, clock, read, filed):
    lead = core.crm.leads.create(tenant.owner(), {"email": ADA.email})
    read(page(MAIL, cursor="c1", more=True), page(replace(MAIL, id="7"), cursor="c2"))
    clock.advance(301)
    read(page(MAIL, cursor="c3"))
    assert len(filed("lead", lead)) == 1


def test_an_answer_belongs_where_the_question_was_asked(core, tenant, read, filed, stored):
    deal = core.crm.deals.create(tenant.owner(), {"name": "Engine"})
    core.crm.contacts.create(tenant.owner(), {"last_name": "L", "email": ADA.email})
    with core.works.write(tenant.owner()) as work:
        work.session.add(
            OutgoingMail(
                id="mail_1", workspace_id=tenant.id, purpose="record", recipients={}, subject="Q",
                text="Q", references=[], related_type="deal", related_id=deal["id"], state="sent",
                message_id="<ours@crm>", refused=[], created_by="Olga", created_at=work.now,
            )
        )  # fmt: skip
    answer = replace(MAIL, in_reply_to="<ours@crm>")
    again = replace(MAIL, id="2", message_id="<m2@x>", references=("<ours@crm>", "<m1@x>"))
    stranger = replace(again, id="3", message_id="<m3@x>", references=("<m2@x>",), automatic=True)
    read(page(answer, again, stranger))
    assert len(filed("deal", deal)) == 3
    assert all(row.related_id == deal["id"] for row in stored())


def test_people_of_a_record_that_is_gone_get_it(core, tenant, read, filed, stored):
    deal = core.crm.deals.create(tenant.owner(), {"name": "Engine"})
    read(page(replace(MAIL, sender=None)))
    with core.works.write(tenant.owner()) as work:
        (row,) = work.session.scalars(select(StoredMail))
        row.related_type, row.related_id = "deal", deal["id"]
    core.crm.deals.delete(tenant.owner(), deal["id"])
    lead = core.crm.leads.create(tenant.owner(), {"email": ADA.email})
    with core.works.write(tenant.owner()) as work:
        work.session.scalars(select(MailboxState)).one().next_at = work.now
    read(page(replace(MAIL, id="2", message_id="<m2@x>", in_reply_to="<m1@x>"), cursor="c2"))
    assert len(filed("lead", lead)) == 1


@pytest.mark.parametrize("mail", [replace(MAIL, automatic=True), replace(MAIL, sender=None)])
def test_what_belongs_to_nobody_is_stored_alone(core, tenant, read, filed, stored, mail):
    lead = core.crm.leads.create(tenant.owner(), {"email": ADA.email})
    read(page(mail))
    assert filed("lead", lead) == []
    (row,) = stored()
    assert (row.related_id, row.activity_id, row.subject) == (None, None, "About  the\nengine")


def test_another_workspaces_lead_gets_nothing(core, tenant, read, stored):
    read(page(MAIL))
    assert stored()[0].related_id is None


def test_a_mailbox_is_read_on_from_where_it_was(clock, read, box, stored):
    begun = clock.now()
    read(page(cursor="c1", more=True), page(cursor="c2"))
    read()
    clock.advance(301)
    read(ServiceUnavailable("down"))
    (row,) = stored(MailboxState)
    assert row.error == "down"
    clock.advance(301)
    read(page(MAIL, cursor="c3"))
    assert [cursor for cursor, _ in box.asked] == ["", "c1", "c2", "c2"]
    assert {since for _, since in box.asked} == {begun}
    (row,) = stored(MailboxState)
    assert (row.cursor, row.error) == ("c3", None)


def test_a_mailbox_that_stands_still_ends(read, box):
    read(page(cursor="", more=True), page(cursor="", more=True))
    assert len(box.asked) == 1


def test_of_somebodys_own_mailbox_the_key_alone_is_kept(read, box, stored):
    box.own = True
    read(page(MAIL))
    (row,) = stored()
    assert (row.message_key, row.subject, row.text, row.sender) == ("<m1@x>", "", "", {})


def test_a_mail_that_another_mailbox_brings_at_once_is_stored_once(core, tenant, stored):
    with core.works.write(tenant.system()) as work:
        work.session.add(key_row(work, "conn_2", "<m1@x>", AT))
        work.session.flush()
        assert not put_once(work, key_row(work, "conn_1", "<m1@x>", AT))
    assert [row.connection_id for row in stored()] == ["conn_2"]
