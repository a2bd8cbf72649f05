"""The contract `email`, held against every provider."""

import pytest

from extensions.sdk.capabilities.email import Address, Mail, MailFile
from extensions.sdk.service_errors import (
    AuthenticationError,
    RateLimited,
    ServiceRefused,
    ServiceUnavailable,
)

GRACE = Address(email="grace@south.example", name="Grace Höpper, PhD")
ALAN = Address(email="alan@south.example")
EVE = Address(email="eve@south.example")


def letter(**changes):
    given = {"idempotency_key": "k1", "to": (GRACE,), "subject": "Hello", "text": "Hi."}
    return Mail(**{**given, **changes})


def test_what_people_read_arrives_in_every_script(email):
    subject, text = (
        "Angebot für 北京 🚀 — größer",
        "Grüße\n你好\nこんにちは\n" + "long " * 300,
    )
    html = "<p>Grüße 🚀</p>"
    email.ask("send", mail=letter(subject=subject, text=text, html=html))
    (mail,) = email.arrived()
    assert (mail.subject, mail.text.strip(), mail.html.strip()) == (subject, text.strip(), html)
    assert mail.headers["To"].endswith("<grace@south.example>")


def test_a_mail_without_text_has_html_alone(email):
    email.ask("send", mail=letter(text="", html="<p>Hi</p>"))
    (mail,) = email.arrived()
    assert (mail.text, mail.html.strip()) == ("", "<p>Hi</p>")


def test_the_same_key_gives_the_same_message_id_and_another_key_another(email):
    keys = ("k1", "k1", "k2")
    sent = [email.ask("send", mail=letter(idempotency_key=key)).message_id for key in keys]
    assert sent[0] == sent[1] != sent[2]
    assert [one.message_id for one in email.arrived()] == sent
    assert all(one.startswith("<") and one.endswith(">") and "@" in one for one in sent)


def test_an_answer_stays_in_its_thread(email):
    references = ("<first@south.example>", "<second@south.example>")
    mail = letter(in_reply_to=references[1], references=references, headers={"X-Ticket": "7"})
    email.ask("send", mail=mail)
    headers = email.arrived()[0].headers
    assert headers["In-Reply-To"] == references[1]
    assert headers["References"].split() == list(references)
    assert headers["X-Ticket"] == "7"


def test_files_arrive_byte_for_byte(email):
    every = bytes(range(256)) * 40
    files = (
        MailFile(name="Übersicht 2026.pdf", content=every, media_type="application/pdf"),
        MailFile(name="lines.txt", content=b"one\r\n.two\n\nFrom here\n", media_type="text/plain"),
        MailFile(name="whole.eml", content=b"Subject: x\n\ny", media_type="message/rfc822"),
        MailFile(name="logo.png", content=every, media_type="image/png", content_id="logo@crm"),
    )
    email.ask("send", mail=letter(html='<img src="cid:logo@crm">', files=files))
    assert email.arrived()[0].files == {one.name: one.content for one in files}


def test_who_is_hidden_gets_the_mail_and_is_named_nowhere(email):
    sent = email.ask("send", mail=letter(cc=(ALAN,), bcc=(EVE,)))
    (mail,) = email.arrived()
    everybody = {one.email for one in (GRACE, ALAN, EVE)}
    assert set(sent.accepted) == set(mail.recipients) == everybody
    assert "eve" not in str(mail.headers)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: eve@evil.example"},
        {"to": (Address(email=GRACE.email, name="G\r\nBcc: eve@evil.example"),)},
        {"to": (Address(email="grace@south.example\r\nRCPT TO:<eve@evil.example>"),)},
        {"headers": {"X-A": "1\nBcc: eve@evil.example"}},
        {"headers": {"X-A: 1\r\nBcc": "eve@evil.example"}},
        {"headers": {"bcc": "eve@evil.example"}},
        {"in_reply_to": "<a@b>\r\nBcc: eve@evil.example"},
        {"references": ("no id",)},
        {"reply_to": (Address(email="nobody"),)},
        {"to": ()},
        {"text": "", "html": ""},
    ],
)
def test_what_can_not_be_sent_is_refused_before_anything_leaves(email, changes):
    with pytest.raises(ServiceRefused) as caught:
        email.ask("send", mail=letter(**changes))
    assert (email.arrived(), caught.value.accepted) == ([], "no")


def test_names_of_files_begin_no_header_and_no_path(email):
    file = MailFile(name="../a\r\nX-Evil: 1.txt", content=b"x")
    email.ask("send", mail=letter(files=(file,)))
    (name,) = email.arrived()[0].files
    assert not set(name) & set("\r\n/")


def test_one_refused_recipient_of_three_is_told(email):
    email.refuse(ALAN.email)
    sent = email.ask("send", mail=letter(to=(GRACE, ALAN, EVE)))
    assert sent.accepted == (GRACE.email, EVE.email)
    assert [(one.email, one.permanent) for one in sent.refused] == [(ALAN.email, True)]
    assert email.arrived()[0].recipients == sent.accepted


def test_a_mail_that_nobody_may_get_is_refused(email):
    email.refuse(GRACE.email)
    with pytest.raises(ServiceRefused, match=GRACE.email) as caught:
        email.ask("send", mail=letter())
    assert (caught.value.accepted, email.arrived()) == ("no", [])


def test_a_service_that_is_busy_has_certainly_not_accepted(email):
    email.be_busy()
    with pytest.raises((ServiceUnavailable, RateLimited)) as caught:
        email.ask("send", mail=letter())
    assert caught.value.accepted == "no"
    assert caught.value.retry_after > 0


def test_refused_credentials_are_told_with_what_to_do(email):
    email.forget_us()
    with pytest.raises(AuthenticationError) as caught:
        email.ask("send", mail=letter())
    assert caught.value.mend
    assert email.arrived() == []
