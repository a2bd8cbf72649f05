"""What goes over the wire to a real SMTP server, and what its refusals become."""

import pytest

from extensions.sdk.capabilities.email import Address, Mail, MailFile
from extensions.sdk.service_errors import (
    AuthenticationError,
    OutcomeUnknown,
    RateLimited,
    ServiceRefused,
    ServiceUnavailable,
)
from tests.support.smtp_peer import USER

TO = Address(email="grace@south.example", name="Grace Höpper")


def letter(**changes):
    given = {"idempotency_key": "k1", "to": (TO,), "subject": "Hello", "text": "Hi."}
    return Mail(**{**given, **changes})


@pytest.mark.parametrize(("tls", "security"), [("starttls", "starttls"), ("ssl", "ssl")])
def test_a_mail_is_sent_encrypted_and_signed_in(account, start_smtp, tls, security):
    peer = start_smtp(tls)
    connected = account(peer.url, security=security)
    sent = connected.ask("email", "send", mail=letter())
    assert connected.turns == ["messages"]
    (message,) = peer.messages
    assert (message["Message-ID"], message["To"]) == (sent.message_id, str(message["To"]))
    assert message["To"].addresses[0].display_name == "Grace Höpper"
    assert sent.accepted == ("grace@south.example",)
    assert peer.mails[0].mail_from == USER


def test_a_wrong_password_is_told_with_what_to_do(account, start_smtp):
    connected = account(start_smtp().url, password="wrong", preset="gmail")
    with pytest.raises(AuthenticationError, match="535") as caught:
        connected.ask("email", "send", mail=letter())
    assert "app password" in caught.value.mend


def test_lines_that_begin_with_a_point_arrive_as_they_are(account, start_smtp):
    peer = start_smtp()
    text = ".first\n..second\n.\nlast\n"
    account(peer.url).ask("email", "send", mail=letter(text=text))
    assert peer.messages[0].get_content().splitlines() == text.splitlines()


def test_a_mail_that_is_too_large_is_not_begun(account, start_smtp):
    peer = start_smtp(data_size_limit=2_000)
    file = MailFile(name="a.bin", content=b"x" * 4_000)
    with pytest.raises(ServiceRefused, match="takes 2000"):
        account(peer.url).ask("email", "send", mail=letter(files=(file,)))
    assert peer.mails == []


def test_letters_beyond_ascii_in_an_address_need_a_server_that_takes_them(account, start_smtp):
    to = (Address(email="gräce@söuth.example"),)
    peer, old = start_smtp(), start_smtp(enable_SMTPUTF8=False)
    sent = account(peer.url).ask("email", "send", mail=letter(to=to))
    assert sent.accepted == ("gräce@xn--suth-5qa.example",)
    assert "SMTPUTF8" in peer.mails[0].mail_options
    with pytest.raises(ServiceRefused, match="SMTPUTF8"):
        account(old.url).ask("email", "send", mail=letter(to=to))


@pytest.mark.parametrize(
    ("answer", "error", "retry_after"),
    [
        ("550 5.4.5 Daily user sending limit exceeded", RateLimited, 3600),
        ("451 4.7.28 Our system has detected an unusual rate", RateLimited, 60),
        ("451 4.3.0 Try later", ServiceUnavailable, 60),
        ("554 5.7.1 Message rejected as spam", ServiceRefused, 0),
    ],
)
def test_refusals_of_a_mail(account, start_smtp, answer, error, retry_after):
    peer = start_smtp()
    peer.answer = answer
    with pytest.raises(error) as caught:
        account(peer.url).ask("email", "send", mail=letter())
    assert (caught.value.accepted, caught.value.retry_after) == ("no", retry_after)
    assert caught.value.service_code == " ".join(answer.split()[:2])


def test_no_password_goes_out_unencrypted(account, start_smtp):
    peer = start_smtp("none")
    with pytest.raises(ServiceRefused, match="offers no STARTTLS"):
        account(peer.url, security="starttls").ask("email", "send", mail=letter())
    assert account(peer.url, security="none").ask("email", "send", mail=letter())


def test_only_a_server_of_this_machine_may_be_plain(account, start_smtp):
    peer = start_smtp("none")
    connected = account(peer.url, security="none", base_url="", host="mail.north.example")
    with pytest.raises(ServiceRefused, match="not on this machine"):
        connected.ask("email", "send", mail=letter())


def scripted(*replies, last=None):
    """A server that gives its replies in turn, whatever it is told; `last` is done at the end."""

    def talk(conn):
        conn.sendall(b"220 peer\r\n")
        reader = conn.makefile("rb")
        for reply in replies:
            while not reader.readline().startswith(reply[0]):
                conn.sendall(b"250 OK\r\n")
            conn.sendall(reply[1])
        last(conn, reader)

    return talk


def take_and_drop(_conn, reader):
    while reader.readline() != b".\r\n":
        pass


def test_a_lost_answer_leaves_the_outcome_open_and_sends_no_second_mail(account, serve):
    server = serve(scripted((b"DATA", b"354 go on\r\n"), last=take_and_drop))
    connected = account(f"smtp://127.0.0.1:{server.port}", username="", password="")
    with pytest.raises(OutcomeUnknown) as caught:
        connected.ask("email", "send", mail=letter())
    assert caught.value.accepted == "unknown"
    assert len(server.connections) == 1


def test_a_server_that_breaks_off_before_it_has_the_mail_took_none(account, serve):
    server = serve(scripted((b"RCPT", b"250 OK\r\n"), last=lambda _conn, _reader: None))
    connected = account(f"smtp://127.0.0.1:{server.port}", username="", password="")
    with pytest.raises(ServiceUnavailable) as caught:
        connected.ask("email", "send", mail=letter())
    assert caught.value.accepted == "no"
