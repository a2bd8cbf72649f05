"""What the pages say of connections: their age, what they keep in step, how calls went."""

from datetime import timedelta

import pytest

from geminicrm.connections.aging import OLD_DAYS, remind
from geminicrm.connections.book import Changes
from geminicrm.connections.syncing import MailSyncs, facts_of
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.mail.models import SENT, MailboxState, OutgoingMail, StoredMail
from tests.support.connecting import connect
from tests.support.core import make_tenant
from tests.support.crm_pages import visitor
from tests.support.installed import Installer
from tests.support.notices import notifications

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(database_url, make_core, tried):
    core = make_core(GEMINICRM_DATABASE_URL=database_url)
    return Installer(core, make_tenant(core, "north"), tried)("stripe")


def reminded(made):
    with made.core.works.across_workspaces("test: remind", write=True) as work:
        return remind(work)


def told(made):
    return [one.key for one in notifications(made.core, made.tenant) if one.resolved_at is None]


def test_old_credentials_are_told_once_until_they_are_renewed(stripe, clock):
    connection, other = connect(stripe, api_key=KEY), connect(stripe, api_key=KEY)
    clock.advance(timedelta(days=OLD_DAYS).total_seconds() - 1)
    assert reminded(stripe) == 0
    clock.advance(1)
    assert [reminded(stripe) for _ in range(2)] == [2, 0]
    first, second = notifications(stripe.core, stripe.tenant)
    assert (first.count, second.count, first.link.startswith("/integrations/")) == (1, 1, True)
    with stripe.core.works.write(stripe.tenant.owner()) as work:
        stripe.core.connections.book.change(work, connection, Changes(config={"api_key": "new"}))
    assert told(stripe) == [f"connection-age:{other}"]
    with stripe.core.works.write(stripe.tenant.owner()) as work:
        stripe.core.connections.book.change(work, other, Changes(active=False))
    reminded(stripe)
    assert told(stripe) == []


def mail_of(made, connection, now):
    about = {"workspace_id": made.tenant.id, "subject": "Looms", "text": ""}
    box = MailboxState(
        id="mbx_1", workspace_id=made.tenant.id, connection_id=connection, since=now,
        read_at=now, next_at=now + timedelta(minutes=5), error="The server is away.",
    )  # fmt: skip
    came = StoredMail(
        id="rcv_1", connection_id=connection, message_key="<1@x>", sender={}, received_at=now,
        stored_at=now, **about,
    )  # fmt: skip
    sent = [
        OutgoingMail(
            id=f"mail_{days}", purpose="record", recipients={}, references=[], refused=[],
            state=SENT, sent_through=connection, created_by="x", created_at=now,
            sent_at=now - timedelta(days=days), **about,
        )
        for days in (0, 2)
    ]  # fmt: skip
    return [box, came, *sent]


def test_what_is_kept_in_step_is_said_on_both_pages(stripe, clock):
    connection, other = connect(stripe, api_key=KEY), connect(stripe, api_key=KEY)
    with stripe.core.works.write(stripe.tenant.system()) as work:
        work.session.add_all(mail_of(stripe, connection, work.now))
    with stripe.core.works.read(stripe.tenant.owner()) as work:
        found = facts_of(work, [MailSyncs()], [connection, other])
    assert found == {
        connection: [
            {
                "what": "Mail",
                "period": "in the last day",
                "last": format_instant(clock.now()),
                "next": format_instant(clock.now() + timedelta(minutes=5)),
                "in": 1,
                "out": 1,
                "error": "The server is away.",
            }
        ],
        other: [],
    }


def test_the_pages_say_so(app, built_in):
    made = built_in("stripe")
    connection = connect(made, api_key=KEY)
    with made.core.works.write(made.tenant.system()) as work:
        work.session.add_all(mail_of(made, connection, work.now))
    pages = visitor(app, made.tenant)
    found = [pages.page(place) for place in ("/integrations", f"/integrations/{connection}")]
    assert [one.count('data-sync="Mail"') for one in found] == [1, 1]
    assert ["The server is away." in one for one in found] == [True, True]


def test_live_and_test_data_for_one_capability_are_warned_of_and_kept_apart(app, built_in):
    made = built_in("stripe")
    first, other = connect(made, api_key=KEY), connect(made, api_key=KEY)
    pages = visitor(app, made.tenant)
    assert "Live and test data" not in pages.page("/integrations")
    with made.core.works.write(made.tenant.owner()) as work:
        made.core.connections.book.get(work, first).environment = "test"
        made.core.generations.bump(work, CONNECTIONS)
    assert "Live and test data for payments" in pages.page("/integrations")
    (usual,) = made.core.runtime.capabilities.providers(made.tenant.id, "payments")
    assert usual.connection.id == other
