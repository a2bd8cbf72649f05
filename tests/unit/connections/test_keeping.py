"""An uninstall that is undone brings connections back; one that was killed tells services too."""

import pytest
from sqlalchemy import select

from geminicrm.connections import reencryption
from geminicrm.connections.listing import every
from geminicrm.connections.models import Connection
from geminicrm.identity.models import Membership
from geminicrm.kernel.crypto import Cipher, new_key
from geminicrm.runtime import reencryption as of_installations
from geminicrm.runtime.history.models import RemovedInstallation
from geminicrm.runtime.history.protocols import Intent
from geminicrm.runtime.install.lock import WorkspaceLock
from tests.support.connecting import connect
from tests.support.core import make_tenant
from tests.support.installed import Installer
from tests.unit.connections.test_ending import Told

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(database_url, make_core, tried):
    core = make_core(GEMINICRM_DATABASE_URL=database_url, GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")
    return Installer(core, make_tenant(core, "north"), tried)("stripe")


@pytest.fixture
def told(stripe, monkeypatch):
    made = Told()
    monkeypatch.setattr(stripe.core.connections.ending, "_end", made.end)
    monkeypatch.setattr(stripe.core.connections.ending, "_revoker", made)
    return made


def undone(made):
    """Uninstall it and bring it back."""
    life, owner = made.core.life_cycle, made.tenant.owner()
    life.uninstall(owner, made.id)
    return life.removals.restore(owner, life.removals.removed(owner)[0]["id"])


def connections(made):
    with made.core.works.read(made.tenant.owner()) as work:
        return every(work)


def test_what_was_connected_is_there_again(stripe, told):
    connection = connect(stripe, api_key=KEY, base_url="https://stripe.example")
    with stripe.core.works.write(stripe.tenant.owner()) as work:
        before = work.session.get_one(Connection, connection)
        before.status, before.tokens = "connected", stripe.core.cipher.encrypt('{"access":"a"}')
        before.name, before.environment = "Ours", "test"
        made_at = before.created_at
    undone(stripe)
    (row,) = connections(stripe)
    assert (row.id, row.name, row.environment, row.created_at) == (
        connection, "Ours", "test", made_at,
    )  # fmt: skip
    assert (row.status, row.tokens, row.last_error) == ("untested", None, None)
    assert row.config == {"base_url": "https://stripe.example"}
    assert stripe.core.connections.book.secrets_of(row) == {"api_key": KEY}
    assert [one[0] for one in told.calls] == ["end", "revoke"]


def test_who_signed_in_by_a_browser_has_to_do_so_again(stripe, told):
    connect(stripe, api_key=KEY)
    life, owner = stripe.core.life_cycle, stripe.tenant.owner()
    life.uninstall(owner, "stripe")
    with stripe.core.works.write(owner) as work:
        removed = work.session.scalars(select(RemovedInstallation)).one()
        way = {"type": "oauth2", "id": "bearer", "settings": ["api_key"], "scopes": []}
        ends = {"authorization_url": "https://a.example/a", "token_url": "https://a.example/t"}
        manifest = {**removed.facts["manifest"], "authentication": [{**way, **ends}]}
        kept = [{**one, "way": "bearer"} for one in removed.facts["connections"]]
        removed.facts = {**removed.facts, "manifest": manifest, "connections": kept}
    life.removals.restore(owner, life.removals.removed(owner)[0]["id"])
    (row,) = connections(stripe)
    assert row.status == "needs_reauth"
    assert "sign in" in row.last_error


def test_those_of_people_who_left_stay_away(stripe, told):
    connect(stripe, api_key=KEY)
    with stripe.core.works.write(stripe.tenant.owner()) as work:
        work.session.scalars(select(Connection)).one().owner_id = "usr_gone"
        assert work.session.scalars(select(Membership)).first() is not None
    undone(stripe)
    assert connections(stripe) == []


def test_what_is_kept_reads_with_a_new_key(stripe, told):
    connect(stripe, api_key=KEY)
    core, owner = stripe.core, stripe.tenant.owner()
    core.life_cycle.uninstall(owner, "stripe")
    cipher = Cipher([new_key(), *core.settings.encryption_keys])
    assert of_installations.reencrypt(core.works, cipher) == 1
    assert reencryption.reencrypt(core.works, core.generations, cipher) == 0
    with core.works.read(owner) as work:
        facts = work.session.scalars(select(RemovedInstallation)).one().facts
    sealed = facts["connections"][0]["secrets"]
    assert cipher.rotate(sealed) != sealed
    assert KEY not in str(facts)


def test_a_killed_uninstall_tells_the_services(stripe, told):
    connection, core, owner = connect(stripe, api_key=KEY), stripe.core, stripe.tenant.owner()
    tools = core.life_cycle.pipeline.tools
    with WorkspaceLock(core.works, owner).held(0) as lease:
        intent = Intent(kind="uninstall", extension_id="stripe", facts={"data": "keep"})
        tools.journal.begin(owner, intent, lease).step("uninstall")
    assert core.life_cycle.recovery.recover() == 1
    assert [(one[0], one[-2:][0]) for one in told.calls] == [
        ("end", stripe.tenant.id),
        ("revoke", connection),
    ]
    assert connections(stripe) == []
    assert core.life_cycle.removals.removed(owner)[0]["extension_id"] == "stripe"
