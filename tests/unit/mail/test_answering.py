"""Answers stand below what they answer."""

from datetime import UTC, datetime

import pytest

from extensions.sdk.capabilities.email import Address
from geminicrm.crm.filing import MailRecords
from geminicrm.kernel.errors import NotFound
from geminicrm.mail.answering import answer_of, threaded
from geminicrm.mail.models import StoredMail
from geminicrm.mail.writing import NewMail

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ADA = {"email": "ada@example.com", "name": 'Lovelace, "Ada"'}


def received(**facts):
    return StoredMail(
        **{
            "id": "mail_1", "connection_id": "conn_1", "message_key": "<m2@x>", "sender": ADA,
            "recipients": {}, "subject": "Engines", "text": "It works.\n\nAda",
            "references": ["<m0@x>", "<m1@x>"], "received_at": AT, "stored_at": AT,
            "state": "open", **facts,
        }
    )  # fmt: skip


def test_it_quotes_and_goes_to_the_sender():
    assert answer_of(received()) == {
        "to": '"Lovelace Ada" <ada@example.com>',
        "subject": "Re: Engines",
        "text": ('\n\nOn 2026-11-20 at 08:00 UTC, Lovelace, "Ada" wrote:\n> It works.\n>\n> Ada\n'),
    }


def test_it_goes_where_the_sender_wants_answers():
    desk = {"email": "desk@example.com", "name": ""}
    assert answer_of(received(recipients={"reply_to": [desk]}))["to"] == "desk@example.com"


@pytest.mark.parametrize("subject", ["Re: Engines", "AW: Engines", " re : Engines"])
def test_what_is_an_answer_already_keeps_its_subject(subject):
    assert answer_of(received(subject=subject))["subject"] == subject.strip()


def test_a_mail_of_nobody_is_quoted():
    found = answer_of(received(sender={}))
    assert found["to"] == ""
    assert "somebody wrote" in found["text"]


@pytest.fixture
def joined(core, tenant):
    """Give a function that joins an answer to the thread of a stored mail."""

    def joined(related=None, **facts):
        new = NewMail(
            to=(Address(email="ada@example.com"),), subject="Re", text="x", related=related,
            answer_to="mail_1",
        )  # fmt: skip
        with core.works.write(tenant.owner()) as work:
            work.session.add(received(workspace_id=tenant.id, **facts))
            work.session.flush()
            found = threaded(work, MailRecords(core.crm), new)
        return found.in_reply_to, tuple(found.references), found.related

    return joined


def test_references_go_on(joined):
    assert joined() == ("<m2@x>", ("<m0@x>", "<m1@x>", "<m2@x>"), None)


def test_a_mail_without_a_message_id_has_no_thread(joined):
    assert joined(message_key="conn_1/7") == ("", (), None)


def test_it_stays_on_the_record(core, tenant, joined):
    lead = core.crm.leads.create(tenant.owner(), {"email": "ada@example.com"})
    place = {"related_type": "lead", "related_id": lead["id"], "state": "filed"}
    assert joined(**place)[2] == ("lead", lead["id"])


def test_it_does_not_stay_on_a_record_that_is_gone(joined):
    assert joined(related_type="lead", related_id="lead_gone", state="filed")[2] is None


def test_another_record_can_be_named(joined):
    assert joined(("deal", "deal_1"))[2] == ("deal", "deal_1")


def test_what_may_not_be_read_is_not_answered(joined):
    with pytest.raises(NotFound):
        joined(state="private")
