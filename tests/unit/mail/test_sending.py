"""What becomes of a mail: sent once, later, never, or nobody knows."""

import pytest

from extensions.sdk.capabilities.email import RefusedRecipient, SentMail
from extensions.sdk.service_errors import (
    AuthenticationError,
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    ServiceRefused,
    ServiceUnavailable,
)
from geminicrm.kernel.errors import Conflict
from geminicrm.mail.listing import shape
from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.writing import NewMail, find_mail, note_sent, send_again, write_mail
from tests.unit.mail.conftest import ADA


@pytest.fixture
def look(core, tenant):
    def look(mail_id):
        with core.works.read(tenant.owner()) as work:
            return shape(find_mail(work, mail_id))

    return look


@pytest.fixture
def decide(core, tenant):
    def decide(function, mail_id):
        with core.works.write(tenant.owner()) as work:
            function(work, mail_id)

    return decide


@pytest.fixture
def work_off(clock, hands):
    """Do what is due now, and an hour later, as often as that."""

    def work_off(times=1):
        for _ in range(times):
            hands.work()
            clock.advance(3600)

    return work_off


def test_a_mail_is_sent_once(write, hands, mailer, look):
    mail_id = write(connection_id="conn_9")
    hands.work()
    hands.work()
    ((mail, connection_id),) = mailer.seen
    assert (mail.to[0].email, mail.subject, mail.text) == ("ada@example.com", "Hello", "Hi")
    assert connection_id == "conn_9"
    found = look(mail_id)
    assert (found["state"], found["provider"], found["sent_through"], found["attempts"]) == (
        "sent",
        "smtp-email",
        "conn_1",
        1,
    )
    assert found["sent_at"] is not None
    assert found["message_id"] == f"<{mail_id}.1>"


def taken_back(core, tenant):
    with core.works.write(tenant.owner()) as work:
        write_mail(work, NewMail(to=(ADA,), subject="Hello", text="Hi"))
        raise ZeroDivisionError


def test_nothing_is_sent_of_what_was_taken_back(core, tenant, hands, mailer):
    with pytest.raises(ZeroDivisionError):
        taken_back(core, tenant)
    hands.work()
    assert mailer.seen == []


def test_who_was_not_taken_is_told(write, hands, mailer, look):
    refused = RefusedRecipient(email="b@example.com", code="550", reason="No.", permanent=True)
    mailer.answers = [SentMail(message_id="<1>", accepted=("ada@example.com",), refused=(refused,))]
    mail_id = write()
    hands.work()
    assert look(mail_id)["refused"] == [{"email": "b@example.com", "reason": "No."}]


def test_without_an_account_it_waits_until_somebody_sends_it(decide, write, hands, mailer, look):
    mailer.answers = [NotConnected("email")]
    mail_id = write()
    hands.work()
    assert (look(mail_id)["state"], look(mail_id)["mend"]) == ("waiting", "Connect a mail account.")
    decide(send_again, mail_id)
    hands.work()
    assert look(mail_id)["state"] == "sent"


@pytest.mark.parametrize("error", [ServiceRefused("no"), AuthenticationError("wrong password")])
def test_a_refusal_is_final_until_a_person_sends_it_again(
    decide, write, hands, mailer, look, error
):
    mailer.answers = [error]
    mail_id = write()
    hands.work()
    found = look(mail_id)
    assert (found["state"], found["error"], found["mend"]) == ("failed", str(error), error.mend)
    decide(send_again, mail_id)
    hands.work()
    assert [mail.idempotency_key for mail, _ in mailer.seen] == [f"{mail_id}.1", f"{mail_id}.2"]


@pytest.mark.parametrize("error", [ServiceUnavailable("down"), RateLimited("slow", retry_after=9)])
def test_what_may_pass_is_tried_again(write, work_off, mailer, look, error):
    mailer.answers = [error]
    mail_id = write()
    work_off()
    assert (look(mail_id)["state"], look(mail_id)["error"]) == ("queued", str(error))
    work_off()
    assert look(mail_id)["state"] == "sent"


def test_after_the_last_attempt_it_has_failed(write, work_off, mailer, look):
    mailer.answers = [ServiceUnavailable("down") for _ in range(6)]
    mail_id = write()
    work_off(6)
    assert look(mail_id)["state"] == "failed"
    assert len(mailer.seen) == 6


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("lost"), ServiceUnavailable("half", accepted="unknown")]
)
def test_what_may_have_been_sent_is_left_to_a_person(decide, write, work_off, mailer, look, error):
    mailer.answers = [error]
    mail_id = write()
    work_off(2)
    assert (look(mail_id)["state"], len(mailer.seen)) == ("unknown", 1)
    decide(note_sent, mail_id)
    assert look(mail_id)["state"] == "sent"


def test_what_a_killed_worker_was_sending_is_not_sent_again(core, tenant, write, hands, look):
    mail_id = write()
    with core.works.write(tenant.owner()) as work:
        work.get(OutgoingMail, mail_id).state = "sending"
    hands.work()
    found = look(mail_id)
    assert found["state"] == "unknown"
    assert "sent folder" in found["mend"]


@pytest.mark.parametrize("function", [send_again, note_sent])
def test_what_is_sent_is_settled(decide, write, hands, function):
    mail_id = write()
    hands.work()
    with pytest.raises(Conflict, match="The mail is sent"):
        decide(function, mail_id)
