"""The mailbox of somebody who is removed is read no more, though a job for it may wait."""

import pytest
from sqlalchemy import select

from geminicrm.connections.book import NewConnection
from geminicrm.connections.models import Connection
from geminicrm.identity.people import create_user
from geminicrm.mail.fetching import MailboxKeeper
from geminicrm.mail.models import MailboxState, StoredMail
from geminicrm.members.people import remove_member
from tests.support.core import PASSWORD, START
from tests.support.dovecot import PASSWORD as MAILBOX_PASSWORD
from tests.support.working import Hands

MAIL = b"From: ada@engines.example\r\nSubject: Late\r\nMessage-ID: <late@e.example>\r\n\r\nHi\r\n"


@pytest.fixture
def mail(open_built_in, trusted):
    return open_built_in("smtp-email")


@pytest.fixture
def mary(mail):
    with mail.core.works.across_workspaces("a member for a test", write=True) as work:
        return create_user(work, mail.tenant.id, "mary@north.example", "member", PASSWORD).id


@pytest.fixture
def hands(mail):
    made = Hands(mail.core, kinds=mail.core.kinds())
    yield made
    made.close()


@pytest.fixture
def mailbox(mail, mary, make_mailbox):
    """Give Mary's own mailbox, connected by her."""
    made, everything = make_mailbox(), mail.tenant.owner().scopes
    config = {
        "host": "127.0.0.1", "username": made.user, "password": MAILBOX_PASSWORD,
        "from_address": "mary@north.example", "imap_host": "127.0.0.1", "imap_port": made.port,
    }  # fmt: skip
    person = type(mail.tenant.owner())("user", mary, "Mary", mail.tenant.id, everything, mary)
    with mail.core.works.write(person) as work:
        new = NewConnection(service="smtp-email", config=config, owner_id=mary)
        mail.core.connections.book.create(work, new)
    mail.core.runtime.reconcile()
    return made


def stored(mail, model):
    with mail.core.works.read(mail.tenant.owner()) as work:
        return list(work.session.scalars(select(model)))


def test_the_mailbox_of_a_removed_member_is_read_no_more(mail, mary, mailbox, hands, clock):
    lead = {"last_name": "Lovelace", "email": "ada@engines.example"}
    mail.core.crm.leads.create(mail.tenant.owner(), lead)
    keeper = MailboxKeeper(mail.core.works, mail.core.mailboxes)
    keeper.step()
    hands.work()
    clock.advance(301)
    mailbox.put(MAIL, seconds=int(START.timestamp()) + 200)
    keeper.step()  # a job to read it waits when she is removed
    assert [row.error for row in stored(mail, MailboxState)] == [None]
    with mail.core.works.write(mail.tenant.owner()) as work:
        remove_member(work, mail.core.generations, mail.core.connections.leaving, mary)
    hands.work()
    assert (stored(mail, StoredMail), stored(mail, Connection)) == ([], [])
    clock.advance(301)
    keeper.step()
    hands.work()
    assert (stored(mail, StoredMail), stored(mail, MailboxState)) == ([], [])
