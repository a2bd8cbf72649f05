"""A wrong record is told whole: what can't be read, and what reads well but does not fit."""

from tests.support.core import make_tenant


def _pointers(client, headers, path, body):
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == 422
    return sorted(error["pointer"] for error in answer.get_json()["errors"])


def test_all_wrong_fields_of_a_lead_are_listed(client, tenant):
    body = {"email": "bad", "amount": "x", "owner_id": "nobody", "foo": 1, "status": "odd"}
    found = _pointers(client, tenant.headers(), "/api/leads", body)
    assert found == ["/amount", "/email", "/foo", "/owner_id", "/status"]


def test_links_that_lead_nowhere_are_listed_beside_unreadable_fields(client, tenant):
    body = {"name": "D", "stage_id": "s", "contact_id": "c", "expected_close_on": "soon"}
    found = _pointers(client, tenant.headers(), "/api/deals", body)
    assert found == ["/contact_id", "/expected_close_on", "/stage_id"]


def test_another_workspace_s_record_is_no_link(core, client, tenant):
    other = make_tenant(core, "south")
    made = client.post("/api/companies", json={"name": "Acme"}, headers=other.headers()).get_json()
    body = {"last_name": "Ada", "company_id": made["id"]}
    assert _pointers(client, tenant.headers(), "/api/contacts", body) == ["/company_id"]
