"""What depends on the database: lists, the log, what a test writes, new keys; on each engine."""

from datetime import timedelta

import pytest

from geminicrm.connections import activity, debugging, listing
from geminicrm.connections.models import Connection, ConnectionCall
from geminicrm.connections.reencryption import reencrypt
from geminicrm.kernel.crypto import Cipher, new_key
from geminicrm.kernel.paging import Page
from tests.support.connecting import connect
from tests.support.core import make_tenant
from tests.support.installed import Installer

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(database_url, make_core, tried):
    core = make_core(GEMINICRM_DATABASE_URL=database_url, GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")
    return Installer(core, make_tenant(core, "north"), tried)("stripe")


def call_of(made, connection, number, now):
    return ConnectionCall(
        id=f"call_{number:02}",
        workspace_id=made.tenant.id,
        connection_id=connection,
        extension_id="stripe",
        at=now - timedelta(minutes=number // 2),
        operation="payments.request",
        method="GET",
        host="api.stripe.com",
        path="/",
        outcome="ok",
        milliseconds=number,
        actor_kind="user",
        actor_id="x",
    )


def test_lists_and_the_log_page_by_page(stripe):
    ids = [connect(stripe, api_key=KEY) for _ in range(3)]
    with stripe.core.works.write(stripe.tenant.owner()) as work:
        work.session.add_all(call_of(stripe, ids[0], number, work.now) for number in range(30))
    with stripe.core.works.read(stripe.tenant.owner()) as work:
        page, cursor = listing.rows(work, listing.Question(page=Page(2)))
        rest, end = listing.rows(work, listing.Question(page=Page(2, cursor)))
        assert ([one.id for one in (*page, *rest)], end) == (ids, None)
        row = page[0]
        question = activity.Question.parse({"hours": "1"})
        calls, cursor = activity.calls(work, row, question)
        others, end = activity.calls(work, row, activity.Question.parse({"cursor": cursor}))
        found = [one.id for one in (*calls, *others)]
        assert (sorted(found), len(set(found)), end) == (sorted(found), 30, None)
        assert activity.operations(work, row) == ["payments.request"]
        found = activity.figures(work, row, 1)
        assert (found["calls"], found["wrong"], found["milliseconds"]) == (30, 0, 14)
        assert (found["error_rate"], found["availability"]) == (0.0, 100.0)
        never = activity.figures(work, rest[0], 7)
        assert (never["calls"], never["error_rate"], never["availability"]) == (0, None, None)


def test_a_test_and_a_new_key_change_no_revision(stripe, outside):
    core, owner = stripe.core, stripe.tenant.owner()
    connection = connect(stripe, api_key=KEY, base_url=outside.url)
    outside.answers = [(200, {"livemode": False})]
    assert core.connections.testing.run(owner, connection).status == "connected"
    with core.works.write(owner) as work:
        debugging.switch(core.connections.book, work, connection, on=True)
    new = new_key()
    keys = [new, *core.settings.encryption_keys]
    assert reencrypt(core.works, core.generations, Cipher(keys)) == 1
    with core.works.read(owner) as work:
        row = work.session.get_one(Connection, connection)
        assert (row.revision, row.status, row.environment) == (1, "connected", "test")
        assert row.debug_until == work.now + timedelta(hours=debugging.HOURS)
    assert KEY in Cipher([new]).decrypt(row.secrets)
    core.connections.ending.end(owner, connection)
    core.life_cycle.uninstall(owner, "stripe")
