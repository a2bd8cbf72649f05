"""The providers that the suites are run against: a new one adds its world here."""

import pytest

from tests.support.contracts import ImapWorld, SmtpWorld

EMAIL = ["smtp_world"]
MAILBOX = ["imap_world"]


@pytest.fixture
def smtp_world(start_smtp, issued):
    return SmtpWorld(start_smtp(), issued)


@pytest.fixture
def imap_world(make_mailbox, issued):
    return ImapWorld(make_mailbox(), issued)


@pytest.fixture(params=EMAIL)
def email(request):
    """Give each provider of `email` in its world."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=MAILBOX)
def mailbox(request):
    """Give each provider of `mailbox` in its world."""
    return request.getfixturevalue(request.param)
