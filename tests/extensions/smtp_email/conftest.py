"""Accounts of smtp-email on the loopback."""

import pytest

from tests.support.mail_app import MailApp
from tests.support.smtp_peer import PASSWORD, USER


@pytest.fixture
def account(issued):
    """Give a function that connects a sending account; its password and so on can be changed."""

    def make(url, password=PASSWORD, **changes):
        given = {"base_url": url, "username": USER, "from_address": USER, **changes}
        return MailApp(issued.authority, password, **given)

    return make


@pytest.fixture
def way():
    """It opens connections of its own, so it runs in the process of the core only."""
    return "in-process"
