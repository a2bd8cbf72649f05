"""hello-routes: its greeting, its file, and who may ask."""

import pytest

from geminicrm.identity.actor import SystemActor
from geminicrm.identity.tokens import create_token
from tests.support.core import make_tenant

HELLO = "/api/extensions/hello-routes/hello"


@pytest.fixture
def hello(built_in):
    return built_in("hello-routes")


def _add_leads(core, tenant, count):
    for start in range(0, count, 100):
        items = [{"last_name": f"Lead {at}"} for at in range(start, min(count, start + 100))]
        core.crm.leads.create_many(tenant.owner(), items)


def test_it_greets_the_workspace_and_counts_its_leads(hello, core, tenant, client):
    _add_leads(core, tenant, 2)
    answer = client.get(HELLO, headers=tenant.headers())
    assert answer.get_json() == {"message": "Hello, North!", "leads": 2, "more_leads": False}


def test_it_says_where_there_are_more_leads(hello, core, tenant, client):
    _add_leads(core, tenant, 101)
    answer = client.get(HELLO, headers=tenant.headers()).get_json()
    assert (answer["leads"], answer["more_leads"]) == (100, True)


def test_it_gives_its_static_file(hello, tenant, client):
    path = "/api/extensions/hello-routes/greeting.txt"
    answer = client.get(path, headers=tenant.headers())
    assert answer.status_code == 200
    assert "static file" in answer.get_data(as_text=True)


def test_nobody_and_strangers_and_those_who_may_not_see_leads_are_refused(
    hello, core, tenant, client
):
    assert client.get(HELLO).status_code == 401
    other = make_tenant(core, "south")
    assert client.get(HELLO, headers=other.headers()).status_code == 404
    with core.works.write(SystemActor(tenant.id)) as work:
        token = create_token(work, tenant.owner_id, "narrow", ["read:deals"], days=None)
    answer = client.get(HELLO, headers={"Authorization": f"Bearer {token.secret}"})
    assert answer.status_code == 403
    assert answer.get_json()["code"] == "scope_missing"


def test_its_routes_go_with_it(hello, core, tenant, client):
    removed = core.life_cycle.uninstall(tenant.owner(), "hello-routes")
    assert removed.warning is None
    core.runtime.reconcile()
    assert client.get(HELLO, headers=tenant.headers()).status_code == 404
