"""A mail that was sent stands on its record, once, whichever way its copies come back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from extensions.sdk.capabilities.email import Address, ReceivedMail
from geminicrm.crm.filing import MailRecords
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.mail.filing import file_mail
from geminicrm.mail.linking import MailLink, mail_links
from geminicrm.mail.models import OutgoingMail, StoredMail
from geminicrm.mail.noting import note_on_record, settle
from geminicrm.mail.writing import NewMail, write_mail
from tests.support.core import make_tenant

ADA = Address(email="ada@example.com", name="Ada Lovelace")
EVE = Address(email="eve@example.com")
AT = datetime(2026, 11, 21, 9, 5, tzinfo=UTC)


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def records(core):
    return MailRecords(core.crm)


@pytest.fixture
def lead(core, tenant):
    return core.crm.leads.create(tenant.owner(), {"email": ADA.email, "last_name": "L"})


@pytest.fixture
def mail(core, tenant, lead):
    """Give the id of a mail that was written from the lead."""
    new = NewMail(
        to=(ADA,), cc=(EVE,), bcc=(Address(email="blind@example.com"),), subject="Engines",
        text="It works.", related=("lead", lead["id"]),
    )  # fmt: skip
    with core.works.write(tenant.owner()) as work:
        return write_mail(work, new).id


@pytest.fixture
def send(core, tenant, records, mail):
    """Give a function that does what the worker does once the mail is sent."""

    def send():
        with core.works.write(tenant.system()) as work:
            row = work.get(OutgoingMail, mail)
            row.state, row.message_id, row.sent_at = "sent", "<ours@crm>", AT
            note_on_record(work, records, row)
            return row.activity_id

    return send


@pytest.fixture
def read(core, tenant, records):
    """Give a function that files a copy of the mail, as if a mailbox had it."""

    def read(**facts):
        copy = ReceivedMail(
            id="1", message_id="<ours@crm>", subject="Engines", received_at=AT, size=9,
            sender=Address(email="us@north.example"), to=(ADA,), text="It works.",
        )  # fmt: skip
        with core.works.write(tenant.system()) as work:
            file_mail(work, records, "conn_1", replace(copy, **facts), personal=False)

    return read


@pytest.fixture
def timeline(core, tenant, lead):
    def timeline():
        query = ListQuery(filters={"related_id": lead["id"], "kind": "email"})
        return core.crm.activities.list(tenant.owner(), query).data

    return timeline


def states(core, tenant):
    with core.works.read(tenant.owner()) as work:
        return [one.state for one in work.session.scalars(select(StoredMail))]


def test_it_names_who_got_it_and_leads_to_the_mail(core, tenant, send, timeline, mail):
    activity_id = send()
    (activity,) = timeline()
    assert activity["id"] == activity_id
    assert activity["subject"] == "Engines"
    assert activity["done_at"].startswith("2026-11-21T09:05:00")
    assert activity["body"] == (
        "To: Ada Lovelace <ada@example.com>\nCopy: eve@example.com\n\nIt works."
    )
    with core.works.read(tenant.owner()) as work:
        assert mail_links(work, [activity_id]) == {activity_id: MailLink(f"/outbox/{mail}", [])}
        assert mail_links(work, []) == {}
    with core.works.read(tenant.owner("read:activities")) as work:
        assert mail_links(work, [activity_id]) == {}


def test_it_is_noted_once(send, timeline):
    assert send() == send()
    assert len(timeline()) == 1


def test_a_copy_that_comes_later_is_known(core, tenant, send, read, timeline):
    send()
    read()
    assert len(timeline()) == 1
    assert states(core, tenant) == ["ours"]


def test_a_copy_that_came_first_is_taken_for_it(core, tenant, send, read, timeline):
    read()
    (before,) = timeline()
    assert send() == before["id"]
    assert len(timeline()) == 1
    assert states(core, tenant) == ["filed"]


def test_a_copy_that_fitted_nobody_leaves_the_inbox(core, tenant, send, read, timeline):
    read(to=(EVE,))
    assert states(core, tenant) == ["open"]
    send()
    assert len(timeline()) == 1
    assert states(core, tenant) == ["ours"]


def test_a_copy_of_a_mail_of_no_record_is_known_too(core, tenant, records, read, timeline):
    with core.works.write(tenant.owner()) as work:
        row = write_mail(work, NewMail(to=(EVE,), subject="Hello", text="Hi"))
        row.state, row.message_id, row.sent_at = "sent", "<ours@crm>", AT
        note_on_record(work, records, row)
    read()
    assert (timeline(), states(core, tenant)) == ([], ["ours"])


def test_one_whose_message_id_was_noted_without_a_claim_is_known(core, tenant, mail, read):
    with core.works.write(tenant.system()) as work:
        work.get(OutgoingMail, mail).message_id = "<ours@crm>"
    read()
    assert states(core, tenant) == ["ours"]


def test_a_record_that_is_gone_gets_nothing(core, tenant, lead, send):
    core.crm.leads.delete(tenant.owner(), lead["id"])
    assert send() is None


def test_a_mail_that_was_sent_says_so_even_where_no_activity_can_be_made(
    core, tenant, mail, send, records, monkeypatch
):
    def refuse(*_about):
        raise ValidationFailed([])

    monkeypatch.setattr(records, "note", refuse)
    assert send() is None
    with core.works.read(tenant.owner()) as work:
        assert work.get(OutgoingMail, mail).state == "sent"


def test_a_person_who_settles_it_needs_no_more_than_to_send(core, tenant, records, mail, timeline):
    with core.works.write(tenant.system()) as work:
        work.get(OutgoingMail, mail).state = "unknown"
    with core.works.write(tenant.owner("send:email")) as work:
        settle(work, records, mail)
    assert len(timeline()) == 1


def test_a_mail_in_html_alone_is_noted_as_text(core, tenant, records, lead, timeline):
    new = NewMail(
        to=(ADA,), subject="Hello", text="", html="<p>Dear <b>Ada</b></p>",
        related=("lead", lead["id"]),
    )  # fmt: skip
    with core.works.write(tenant.owner()) as work:
        row = write_mail(work, new)
        row.state, row.sent_at = "sent", AT
        note_on_record(work, records, row)
    assert timeline()[0]["body"].endswith("\n\nDear Ada")
