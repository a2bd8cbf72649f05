"""Requests of the bench, and what counts as a right answer."""

import json
import sqlite3

from bench.exchanges import PAGE, create, cursor_of, fetch, lead, list_pages, read_one, request
from bench.fill import fill_leads, lead_id


def _page(first, cursor, count=PAGE, **more):
    data = [{"id": f"lead_{number:03}"} for number in range(first, first - count, -1)]
    return json.dumps({"data": data, "next_cursor": cursor, **more}).encode()


def test_a_request_carries_token_and_length():
    text = request("POST", "/x", "secret", {"a": 1}).decode()
    head, _, body = text.partition("\r\n\r\n")
    assert head.splitlines()[0] == "POST /x HTTP/1.1"
    assert "Authorization: Bearer secret" in head
    assert f"Content-Length: {len(body)}" in head
    assert json.loads(body) == {"a": 1}
    assert b"Authorization" not in request("GET", "/x")


def test_reading_wants_the_record_asked_for():
    exchange = read_one("t", "/leads", ["one"], 0)()
    assert exchange.request.startswith(b"GET /leads/one ")
    assert exchange.is_right(200, b'{"id": "one"}')
    assert not exchange.is_right(200, b'{"id": "two"}')
    assert not exchange.is_right(404, b'{"id": "one"}')


def test_pages_have_to_be_full_and_to_go_on():
    source = list_pages("t", "/leads", "data")
    assert source().is_right(200, _page(500, "c1"))
    second = source()
    assert b"cursor=c1" in second.request
    assert not second.is_right(200, _page(500, "c2"))
    assert source().is_right(200, _page(400, None, count=3))
    again = source()
    assert b"cursor" not in again.request
    assert not again.is_right(200, _page(500, "c1", count=3))
    assert not source().is_right(200, _page(500, "c1").replace(b"lead_498", b"lead_499"))


def test_cursors_stand_in_the_page_or_in_a_link():
    assert cursor_of({"next_cursor": "c"}) == "c"
    assert cursor_of({"next": "http://x/leads?cursor=c&page=1"}) == "c"
    assert cursor_of({"next": None}) is None


def test_creating_wants_the_fields_that_were_sent():
    exchange = create("t", "/leads", lambda: 7)()
    made = {"id": "lead_1", **lead(7)}
    assert exchange.is_right(201, json.dumps(made).encode())
    assert not exchange.is_right(200, json.dumps(made).encode())
    assert not exchange.is_right(201, json.dumps(made | {"email": "x"}).encode())


def test_fetching_compares_the_body_where_it_is_known():
    assert fetch("", "/", b"x")().is_right(200, b"x")
    assert not fetch("", "/", b"x")().is_right(200, b"y")
    assert fetch("", "/", also=(503,))().is_right(503, b"busy")
    assert not fetch("", "/")().is_right(500, b"")


def test_the_fill_makes_leads_as_the_service_does(core, tenant):
    path = core.settings.home / "geminicrm.db"
    with sqlite3.connect(path) as connection:
        ids = fill_leads(connection, 120)
        assert fill_leads(connection, 0) == []
    connection.close()
    assert (len(ids), ids[-1]) == (120, lead_id(119))
    record = core.crm.leads.get(tenant.system(), ids[-1])
    assert lead(119).items() <= record.items()
    made = core.crm.leads.create(tenant.system(), lead(119))
    assert made.keys() == record.keys()
    assert len(core.crm.leads.list(tenant.system()).data) == 50
