"""smtp-email as it is installed: its connections go through the door of the core, which guards."""

import pytest
from aiosmtpd.smtp import AuthResult

from extensions.sdk.capabilities.email import Address, Mail
from extensions.sdk.service_errors import ServiceRefused, ServiceUnavailable
from geminicrm.runtime.problems import InstallFailed
from tests.support.connecting import ask, connect
from tests.support.core import make_tenant
from tests.support.dovecot import PASSWORD as MAILBOX_PASSWORD
from tests.support.installed import Installer
from tests.support.smtp_peer import PASSWORD, USER

LETTER = Mail(
    idempotency_key="k1",
    to=(Address(email="grace@south.example"),),
    subject="Hello",
    text="Hi.",
)


def anybody(*_about):
    return AuthResult(success=True)


def account(peer, **changes):
    given = {"base_url": peer.url, "username": USER, "password": PASSWORD, "from_address": USER}
    return {**given, **changes}


def test_a_mail_goes_out_by_the_capability(open_built_in, trusted, start_smtp):
    mail, peer = open_built_in("smtp-email"), start_smtp()
    connect(mail, **account(peer))
    sent = ask(mail, "email", "send", mail=LETTER)
    assert [one["Message-ID"] for one in peer.messages] == [sent.message_id]


def test_the_test_of_a_connection_goes_through_both_servers(
    open_built_in, trusted, start_smtp, make_mailbox
):
    mail, mailbox = open_built_in("smtp-email"), make_mailbox()
    peer = start_smtp(authenticator=anybody)
    given = account(peer, imap_host="127.0.0.1", imap_port=mailbox.port)
    via = connect(mail, **{**given, "username": mailbox.user, "password": MAILBOX_PASSWORD})
    found = ask(mail, "connection", "test_connection", via=via)
    assert [(one.name, one.ok) for one in found.stages] == [
        ("send", True),
        ("sender", True),
        ("read", True),
    ]
    assert (found.id, peer.mails) == (USER, [])


def test_a_certificate_of_strangers_is_refused(open_built_in, start_smtp):
    mail, peer = open_built_in("smtp-email"), start_smtp()
    connect(mail, **account(peer))
    with pytest.raises(ServiceUnavailable, match="certificate"):
        ask(mail, "email", "send", mail=LETTER)
    assert peer.mails == []


def test_a_private_server_is_refused_unless_the_operator_allows_it(built_in, start_smtp):
    mail, peer = built_in("smtp-email"), start_smtp()
    connect(mail, **account(peer))
    with pytest.raises(ServiceRefused) as caught:
        ask(mail, "email", "send", mail=LETTER)
    assert "GEMINICRM_EGRESS_ALLOW" in caught.value.mend


def test_the_same_code_of_a_stranger_is_not_installed(open_core, tried):
    stranger = Installer(open_core, make_tenant(open_core, "north"), tried, "sandboxed")
    with pytest.raises(InstallFailed, match="connections of its own"):
        stranger("smtp-email")
