"""Servers and encryption by preset, settings and address."""

import pytest

from extensions.sdk.service_errors import ServiceRefused
from extensions.smtp_email.operations.account import Server, account_of

ADA = "ada@north.example"


def account(**settings):
    return account_of({"from_address": ADA, **settings}, {"password": "p"})


@pytest.mark.parametrize(
    ("settings", "smtp", "imap"),
    [
        ({"preset": "gmail"}, ("smtp.gmail.com", 587, "auto"), ("imap.gmail.com", 993, "ssl")),
        (
            {"preset": "outlook"},
            ("smtp.office365.com", 587, "auto"),
            ("outlook.office365.com", 993, "ssl"),
        ),
        (
            {"preset": "yahoo", "port": 465},
            ("smtp.mail.yahoo.com", 465, "ssl"),
            ("imap.mail.yahoo.com", 993, "ssl"),
        ),
        ({"preset": "ses"}, ("email-smtp.us-east-1.amazonaws.com", 587, "auto"), None),
        ({"host": "a.example"}, ("a.example", 587, "auto"), None),
        (
            {"host": "a.example", "security": "ssl", "imap_host": "b.example", "imap_port": 143},
            ("a.example", 587, "ssl"),
            ("b.example", 143, "auto"),
        ),
        (
            {"preset": "gmail", "base_url": "smtp://127.0.0.1:2525"},
            ("127.0.0.1", 2525, "auto"),
            ("imap.gmail.com", 993, "ssl"),
        ),
        ({"base_url": "smtps://a.example"}, ("a.example", 465, "ssl"), None),
        ({"base_url": "a.example:26"}, ("a.example", 26, "auto"), None),
    ],
)
def test_servers(settings, smtp, imap):
    found = account(**settings)
    assert found.smtp == Server(*smtp)
    assert found.imap == (imap and Server(*imap))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "a.example", "from_address": "", "username": "ada"},
        {"host": "a.example", "security": "none"},
        {"imap_host": "a.example", "host": "b.example", "imap_security": "none"},
        {"base_url": "https://a.example"},
        {"base_url": "smtp://a.example:port"},
    ],
)
def test_what_can_not_be_used_is_told_with_what_to_do(settings):
    with pytest.raises(ServiceRefused) as caught:
        account(**settings)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("server", "plain"),
    [
        (Server("127.0.0.1", 25, "auto"), True),
        (Server("::1", 25, "none"), True),
        (Server("localhost", 25, "auto"), True),
        (Server("127.0.0.1", 25, "starttls"), False),
        (Server("10.0.0.1", 25, "auto"), False),
        (Server("127.0.0.1.example.com", 25, "auto"), False),
    ],
)
def test_only_this_machine_is_talked_to_unencrypted(server, plain):
    assert server.may_be_plain is plain


def test_the_password_is_in_no_text_of_the_account():
    assert "'p'" not in repr(account(host="a.example"))
