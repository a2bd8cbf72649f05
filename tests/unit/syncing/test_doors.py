"""What programs, pages and the card beside a record say and do."""

import pytest

from geminicrm.kernel.errors import ScopeMissing
from geminicrm.syncing.status import facts
from tests.support.core import sign_in
from tests.support.integrations import connect_to, put_integration
from tests.support.working import Hands


@pytest.fixture
def connection_id(stage, tenant):
    """Give a connection of an integration that provides crm_sync, whose code asks nobody."""
    put_integration(stage, tenant, provides=["connection", "crm_sync"])
    return connect_to(stage, tenant)


@pytest.fixture
def at(connection_id):
    return f"/api/integrations/{connection_id}/sync"


def test_it_is_off_until_somebody_chooses(client, tenant, at):
    found = client.get(at, headers=tenant.headers()).json
    assert (found["enabled"], found["kinds"]) == (False, ["company", "contact", "deal"])
    assert (found["direction"], found["conflicts"], found["deletes"]) == ("both", "newest", "keep")
    assert (found["running"], found["next_at"]) == (None, None)
    assert client.post(f"{at}/run", headers=tenant.headers()).status_code == 409


def test_what_is_chosen_is_kept_and_begun(client, tenant, at, core, connection_id):
    choice = {"enabled": True, "kinds": ["contact"], "deletes": "follow"}
    found = client.put(at, json=choice, headers=tenant.headers()).json
    assert {name: found[name] for name in choice} == choice
    assert found["running"]["note"] == "It begins soon."
    again = client.post(f"{at}/run", headers=tenant.headers())
    assert (again.status_code, again.json["job_id"]) == (202, found["running"]["job_id"])
    with core.works.read(tenant.owner()) as work:
        (told,) = facts(work).values()
    assert (told.came_in, told.went_out, told.last_at) == (0, 0, None)


@pytest.mark.parametrize(
    ("choice", "pointer"),
    [
        ({"direction": "sideways"}, "/direction"),
        ({"conflicts": "loudest"}, "/conflicts"),
        ({"deletes": "all"}, "/deletes"),
        ({"kinds": ["lead"]}, "/kinds"),
        ({"kinds": []}, "/kinds"),
        ({"enabled": "yes"}, "/enabled"),
        ({"often": True}, "/often"),
    ],
)
def test_what_is_wrong_is_refused(client, tenant, at, choice, pointer):
    answer = client.put(at, json=choice, headers=tenant.headers())
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


def test_an_integration_that_can_not_sync_is_refused(client, stage, tenant):
    put_integration(stage, tenant)
    other = connect_to(stage, tenant)
    at = f"/api/integrations/{other}/sync"
    answer = client.put(at, json={"enabled": True}, headers=tenant.headers())
    assert answer.status_code == 422
    assert client.get("/api/integrations/conn_x/sync", headers=tenant.headers()).status_code == 404


def test_the_form_chooses_and_the_page_shows(client, tenant, connection_id, core):
    csrf = sign_in(client, tenant)
    page = f"/syncing/connection/{connection_id}"
    assert "Switched off." in client.get(page).get_data(as_text=True)
    form = {
        "csrf_token": csrf, "enabled": "true", "kinds": ["contact", "deal"],
        "direction": "in", "conflicts": "theirs", "deletes": "keep",
    }  # fmt: skip
    answer = client.post(page, data=form)
    assert (answer.status_code, answer.location) == (303, f"/integrations/{connection_id}#sync")
    hands = Hands(core, kinds=core.kinds())
    core.runtime.reconcile()
    hands.work()
    hands.close()
    shown = client.get(page).get_data(as_text=True)
    assert "It did not work" in shown
    assert client.post(f"{page}/run", data={"csrf_token": csrf}).status_code == 303
    assert "It runs" in client.get(f"{page}/progress").get_data(as_text=True)
    wrong = client.post(page, data={"csrf_token": csrf, "direction": "up"})
    assert wrong.status_code == 303
    assert f'hx-get="{page}"' in client.get(f"/integrations/{connection_id}").get_data(as_text=True)


def test_who_may_only_look_changes_nothing(client, tenant, at, core):
    with core.works.write(tenant.owner("read:integrations")) as work, pytest.raises(ScopeMissing):
        core.syncing.run(work, at.split("/")[3])
