"""The addresses of connections: unguessable, sealed, renewed; one for all where that is meant."""

import re

import pytest
from sqlalchemy import select

from geminicrm.app import create_app
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.webhooks.incoming.addresses import reencrypt
from geminicrm.webhooks.incoming.models import WebhookAddress
from tests.support.core import make_tenant
from tests.support.crm_pages import visitor
from tests.support.integrations import connect_to
from tests.support.webhooks_in import HOOK, SECRET, event, open_gate, path_of

DAY = 24 * 3600
SHARED = "whsec_of_the_operator"
APP = {**HOOK, "account": "team.id"}


def row_of(gate):
    with gate.core.works.read(gate.tenant.owner()) as work:
        return work.session.scalar(select(WebhookAddress))


def test_an_address_is_long_random_hashed_and_sealed(both_gates):
    gate = both_gates
    token = gate.path.rpartition("/")[2]
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)  # 192 bits
    row = row_of(gate)
    assert token not in (row.token, row.token_hash)
    assert path_of(gate.core, gate.tenant, gate.connection_id) == gate.path


def test_each_webhook_of_an_integration_has_an_address(stage, tenant):
    more = {"id": "more", "scheme": "stripe", "secrets": ["signing"], "description": "More."}
    gate = open_gate(stage, tenant, hooks=[HOOK, more, {"id": "told", "description": "No scheme."}])
    found = gate.core.incoming.addresses.paths(tenant.owner(), "sample", gate.connection_id)
    labels = [label for label, _ in found]
    assert labels == ["Webhook address: Events.", "Webhook address: More."]
    assert [gate.send(path=path).status_code for _, path in found] == [200, 200]
    assert [row.webhook_id for row in gate.rows()] == ["events"]  # the copy was the same event
    gate.hands.close()


def test_a_renewed_address_leaves_a_day_to_tell_the_service(gate, clock):
    admin = visitor(gate.app, gate.tenant)
    renew = f"/webhooks/in/connection/{gate.connection_id}/renew"
    assert admin.post(renew).status_code == 303
    fresh = path_of(gate.core, gate.tenant, gate.connection_id)
    assert fresh != gate.path
    assert [gate.send(path=path).status_code for path in (fresh, gate.path)] == [200, 200]
    clock.advance(DAY)
    assert [gate.send(path=path).status_code for path in (fresh, gate.path)] == [200, 404]


def test_the_part_of_the_page_says_how_it_is(gate):
    gate.send()
    gate.send(secret="whsec_wrong")
    admin = visitor(gate.app, gate.tenant)
    page = admin.page(f"/webhooks/in/connection/{gate.connection_id}")
    assert re.search(r">1</span> accepted,\s*<span[^>]*>1</span> refused", page)
    assert "Renew the address" in page
    assert "Nothing can be believed yet" not in page
    whole = admin.page(f"/integrations/{gate.connection_id}")
    assert gate.path in whole
    assert f'hx-get="/webhooks/in/connection/{gate.connection_id}"' in whole


def test_a_connection_without_the_secret_says_so(gate):
    bare = connect_to(gate.stage, gate.tenant)
    admin = visitor(gate.app, gate.tenant)
    assert "Nothing can be believed yet" in admin.page(f"/webhooks/in/connection/{bare}")


def test_who_may_not_change_a_connection_sees_no_address(gate):
    reader = gate.tenant.owner("read:integrations", "read:webhooks")
    reachability = gate.core.connections.reachability
    service = gate.core.connections.book.services.find(gate.tenant.id, "sample")
    assert reachability.addresses(service, service.ways[0], None, gate.connection_id) == ()
    assert not reader.allows("manage:integrations")


def test_a_new_key_seals_the_addresses_anew(gate):
    before = row_of(gate).token
    assert reencrypt(gate.core.works, gate.core.cipher) == 1
    assert row_of(gate).token != before
    assert path_of(gate.core, gate.tenant, gate.connection_id) == gate.path


def account(gate, connection_id, account_id):
    with gate.core.works.write(gate.tenant.owner()) as work:
        gate.core.connections.book.get(work, connection_id).account_id = account_id
        gate.core.generations.bump(work, CONNECTIONS)


@pytest.fixture
def app_gate(stage, tenant):
    """Give one whose operator has a secret for all; its connection has none of its own."""
    gate = open_gate(stage, tenant, hooks=[APP], config={"signing": ""})
    path = gate.core.settings.home / "integrations.toml"
    path.write_text(f'[sample]\nsigning = "{SHARED}"\n')
    account(gate, gate.connection_id, "T1")
    yield gate
    gate.hands.close()


def test_one_address_serves_all_accounts(app_gate):
    other = connect_to(app_gate.stage, app_gate.tenant)
    account(app_gate, other, "T2")
    body = event("evt_1", team={"id": "T2"})
    answer = app_gate.send(body, path="/api/webhooks/sample", secret=SHARED)
    assert answer.status_code == 200
    assert [row.connection_id for row in app_gate.rows()] == [other]


def test_an_account_that_nobody_has_is_answered_and_not_kept(app_gate):
    body = event("evt_1", team={"id": "T3"})
    answers = [
        app_gate.send(one, path="/api/webhooks/sample", secret=SHARED) for one in (body, event())
    ]
    assert [one.status_code for one in answers] == [200, 200]
    assert app_gate.rows() == []


def test_the_shared_address_believes_the_operators_secret_alone(app_gate):
    mine = connect_to(app_gate.stage, app_gate.tenant, config={"signing": SECRET})
    account(app_gate, mine, "T1")
    body = event("evt_1", team={"id": "T1"})
    refused = app_gate.send(body, path="/api/webhooks/sample", secret=SECRET)
    taken = app_gate.send(body, path="/api/webhooks/sample", secret=SHARED)
    assert (refused.status_code, taken.status_code) == (401, 200)
    # The one with a secret of its own belongs to another app: it hears nothing by this address.
    assert [row.connection_id for row in app_gate.rows()] == [app_gate.connection_id]


def test_the_path_of_an_earlier_product_leads_there(app_gate, monkeypatch):
    monkeypatch.setattr(app_gate.core.runtime, "runs", lambda _extension_id: True)
    app = create_app(core=app_gate.core)
    monkeypatch.setattr(app_gate, "app", app)
    body = event("evt_1", team={"id": "T1"})
    answer = app_gate.send(body, path="/webhooks/sample/", secret=SHARED)
    assert answer.status_code == 200
    assert app_gate.rows()[0].url.endswith("/webhooks/sample/")


def test_a_workspace_without_the_operators_values_has_no_shared_address(app_gate):
    # With two workspaces neither has what is meant for one: nothing is signed with it any more.
    make_tenant(app_gate.core, "elsewhere")
    (app_gate.core.settings.home / "integrations.toml").write_text("")
    body = event("evt_1", team={"id": "T1"})
    assert app_gate.send(body, path="/api/webhooks/sample", secret=SHARED).status_code == 404
