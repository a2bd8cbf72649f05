from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.core import Tenant

ADA = {"name": "Ada Lovelace", "email": "ada@engines.example"}


class Api:
    """Speaks JSON with a token."""

    def __init__(self, client: FlaskClient, tenant: Tenant) -> None:
        self._client = client
        self._headers = tenant.headers()

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(path, method=method, json=json, headers={**self._headers, **named})


@pytest.fixture
def api(client: FlaskClient, tenant: Tenant) -> Api:
    """Give a program with a full token."""
    return Api(client, tenant)


@pytest.mark.parametrize(
    ("noun", "data"),
    [
        ("leads", ADA),
        ("contacts", ADA),
        ("companies", {"name": "Engines"}),
        ("deals", {"name": "A deal"}),
        ("activities", {"kind": "call", "subject": "Call Ada"}),
    ],
)
def test_every_kind_is_made_read_changed_and_deleted(api: Api, noun: str, data: dict[str, str]):
    made = api("POST", f"/api/{noun}", data)
    assert made.status_code == 201
    where = made.headers["Location"]
    assert where == f"/api/{noun}/{made.json['id']}"
    assert made.headers["ETag"] == '"1"'
    assert api("GET", where).json == made.json
    assert api("GET", f"/api/{noun}").json == {"data": [made.json], "next_cursor": None}
    changed = api("PATCH", where, {"tags": ["x"]}, If_Match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json["tags"] == ["x"]
    assert api("DELETE", where, If_Match='"1"').status_code == 412
    assert api("DELETE", where).status_code == 204
    assert api("GET", where).status_code == 404


def test_a_reader_who_has_the_version_gets_no_body(api: Api):
    where = api("POST", "/api/leads", ADA).headers["Location"]
    answer = api("GET", where, If_None_Match='"1"')
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", '"1"')
    assert api("GET", where, If_None_Match='"2"').status_code == 200


def test_a_stale_writer_is_told(api: Api):
    where = api("POST", "/api/leads", ADA).headers["Location"]
    answer = api("PATCH", where, {"title": "x"}, If_Match='"7"')
    assert answer.status_code == 412
    assert answer.json["current_version"] == 1


def test_lists_name_the_next_page(api: Api):
    for number in range(3):
        api("POST", "/api/leads", {"name": f"N{number}", "source": "Web"})
    first = api("GET", "/api/leads?limit=2&source=Web&sort=name&q=n")
    assert [record["last_name"] for record in first.json["data"]] == ["N0", "N1"]
    link = first.headers["Link"]
    assert link.endswith('>; rel="next"')
    second = api("GET", link[1:].partition(">")[0])
    assert [record["last_name"] for record in second.json["data"]] == ["N2"]
    assert "Link" not in second.headers


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=x", "sort=x", "bogus=1"]
)
def test_wrong_lists_are_422(api: Api, query: str):
    answer = api("GET", f"/api/leads?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/" + query.partition("=")[0]


def test_wrong_fields_are_listed(api: Api):
    answer = api("POST", "/api/leads", {"bogus": 1, "phone": 5})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert pointers == {"/bogus", "/phone", "/last_name"}


def test_a_lead_is_converted(api: Api):
    where = api("POST", "/api/leads", {**ADA, "company": "Engines"}).headers["Location"]
    answer = api("POST", f"{where}/convert", {"create_deal": False})
    assert answer.status_code == 200
    assert answer.json["lead"]["status"] == "converted"
    assert answer.json["deal"] is None
    assert api("POST", f"{where}/convert").status_code == 409


def test_a_deal_is_won_and_lost(api: Api):
    where = api("POST", "/api/deals", {"name": "A deal"}).headers["Location"]
    won = api("PUT", f"{where}/win")
    assert (won.status_code, won.json["status"]) == (200, "won")
    lost = api("PUT", f"{where}/lose", {"reason": "Price"}, If_Match='"2"')
    assert (lost.json["status"], lost.json["lost_reason"]) == ("lost", "Price")
    assert api("PUT", f"{where}/win", {"bogus": 1}).status_code == 422
    assert api("PUT", f"{where}/lose", {"reason": 1}).status_code == 422


def test_pipelines(api: Api):
    assert api("GET", "/api/pipelines").json["data"] == []
    made = api("POST", "/api/pipelines", {"name": "Partners"})
    assert made.status_code == 201
    where = made.headers["Location"]
    assert api("GET", where).json == made.json
    names = [pipeline["name"] for pipeline in api("GET", "/api/pipelines").json["data"]]
    assert names == ["Sales", "Partners"]
    changed = api("PATCH", where, {"name": "Resellers"}, If_Match='"1"')
    assert (changed.json["name"], changed.headers["ETag"]) == ("Resellers", '"2"')
    assert api("PATCH", where, {"name": "X"}, If_Match='"1"').status_code == 412
