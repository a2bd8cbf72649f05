"""Endpoints over REST: made, changed, paused, ended; secrets shown once, addresses checked."""

import base64

import pytest
from sqlalchemy import select

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.generation import WEBHOOKS
from geminicrm.kernel.http import AddressGuard
from geminicrm.webhooks.outgoing.addresses import Addresses
from geminicrm.webhooks.outgoing.asking import new_of
from geminicrm.webhooks.outgoing.checks import header_findings
from geminicrm.webhooks.outgoing.models import Endpoint, EndpointHealth

ADDRESS = "https://93.184.216.34/in"
PATH = "/webhook-endpoints"
WISH = {"url": ADDRESS, "events": ["lead.*"]}
GIVEN = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def row(core, north):
    """Give the stored row of an endpoint."""

    def row(endpoint_id, model=Endpoint):
        with core.works.read(north.system()) as work:
            return work.session.scalar(select(model).where(model.id == endpoint_id))

    return row


def pointers(answer):
    return [(one["pointer"], one["code"]) for one in answer.json["errors"]]


def test_an_endpoint_is_made_with_a_secret_that_is_shown_once(rest, row):
    made = rest("POST", PATH, json={**WISH, "description": " CRM to ERP "})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    secret, endpoint_id = made.json["secret"], made.json["id"]
    assert secret.startswith("whsec_")
    assert made.headers["Location"] == f"/api{PATH}/{endpoint_id}"
    told = rest("GET", f"{PATH}/{endpoint_id}")
    assert told.headers["ETag"] == made.headers["ETag"] == '"1"'
    assert told.json == {name: value for name, value in made.json.items() if name != "secret"}
    assert told.json["description"] == "CRM to ERP"
    assert rest("GET", PATH).json["data"] == [told.json]
    assert secret not in row(endpoint_id).secret


def test_what_is_kept_opens_to_what_was_given(rest, row, room, core):
    headers = {"Authorization": "Bearer deep-secret", "X-Tenant": "7"}
    made = rest("POST", PATH, json={**WISH, "secret": GIVEN, "headers": headers})
    assert made.json["secret"] == GIVEN
    assert made.json["headers"] == {"Authorization": None, "X-Tenant": None}
    kept = row(made.json["id"])
    assert "deep-secret" not in kept.headers
    assert room.keys.signing(kept, core.works.clock.now()) == [GIVEN]
    assert room.keys.headers(kept) == headers


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"url": "ftp://example.com"}, [("/url", "address_scheme")]),
        ({"url": "https://user@example.com"}, [("/url", "address_userinfo")]),
        ({"url": "https://example.com:25"}, [("/url", "address_port")]),
        ({"url": "https://2130706433/"}, [("/url", "address_spelling")]),
        ({"url": "https://127.0.0.1/x"}, [("/url", "address_address")]),
        ({"url": "https://[::ffff:10.0.0.1]/x"}, [("/url", "address_address")]),
        ({"url": "https://localhost/x"}, [("/url", "address_name")]),
        ({"url": f"https://example.com/{'x' * 2000}"}, [("/url", "too_long")]),
        ({"url": 7}, [("/url", "string_type")]),
        ({"events": []}, [("/events", "wrong_number")]),
        ({"events": ["lead.lost", "lead.*"]}, [("/events/0", "unknown_type")]),
        ({"events": ["le*"]}, [("/events/0", "unknown_type")]),
        ({"events": ["lead.created"] * 101}, [("/events", "wrong_number")]),
        ({"secret": "whsec_c2hvcnQ="}, [("/secret", "bad_secret")]),
        ({"secret": "whsec_" + "A" * 88}, [("/secret", "bad_secret")]),
        ({"secret": f"{GIVEN[:-2]}!!"}, [("/secret", "bad_secret")]),
        ({"secret": "plain"}, [("/secret", "bad_secret")]),
        ({"rate": 0}, [("/rate", "out_of_range")]),
        ({"rate": "5"}, [("/rate", "int_type")]),
        ({"concurrency": 51}, [("/concurrency", "out_of_range")]),
        ({"description": "x" * 201}, [("/description", "too_long")]),
        ({"description": "\x00"}, [("/description", "unfit_text")]),
        ({"template": '{"a": "\x00"}'}, [("/template", "unfit_text")]),
        ({"filter": [{"path": "data.mail", "op": "eq", "value": 1}]},
         [("/filter/0/path", "bad_path")]),
        ({"mapping": {"a": "data.mail"}}, [("/mapping/a", "bad_mapping")]),
        ({"headers": {"X-A": None}}, [("/headers/X-A", "missing")]),
        ({"colour": "red"}, [("/colour", "extra_forbidden")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(room, north, changes, wrong):
    with pytest.raises(ValidationFailed) as refused:
        room.endpoints.create(north.owner(), new_of({**WISH, **changes}))
    assert [(one.pointer, one.code) for one in refused.value.findings] == wrong
    assert room.endpoints.list(north.owner()).data == []


@pytest.mark.parametrize(
    "name",
    ["Host", "connection", "Transfer-Encoding", "Content-Type", "content-length", "TE", "Upgrade",
     "webhook-id", "Webhook-Signature", "X-Webhook-Event", "Proxy-Authorization", "User-Agent",
     "Cookie", "Expect", "a b", "a:b", "", "é"],
)  # fmt: skip
def test_headers_that_are_not_for_callers_are_refused(name):
    found = [(one.pointer, one.code) for one in header_findings({name: "x"})]
    assert found == [(f"/headers/{name}", "header_refused")]


@pytest.mark.parametrize("value", ["", "a\nb", "a\r", "\x00", "é", "x" * 2001])
def test_values_of_headers_that_cannot_be_sent_are_refused(value):
    found = [(one.pointer, one.code) for one in header_findings({"X-A": value})]
    assert found == [("/headers/X-A", "header_refused")]


def test_a_header_is_given_once_and_not_without_end(rest):
    twice = rest("POST", PATH, json={**WISH, "headers": {"X-A": "1", "x-a": "2"}})
    many = {f"X-{number}": "1" for number in range(21)}
    assert pointers(twice) == [("/headers", "header_refused")]
    assert pointers(rest("POST", PATH, json={**WISH, "headers": many})) == pointers(twice)


def test_all_findings_come_together(rest):
    wrong = {"url": "ftp://x", "events": ["no.such"], "rate": 0, "secret": "x"}
    found = {pointer for pointer, _code in pointers(rest("POST", PATH, json=wrong))}
    assert found == {"/url", "/events/0", "/rate", "/secret"}


def test_production_takes_https_alone_and_names_are_looked_up():
    guard = AddressGuard(resolver=lambda host, _port: {"in.example": ["10.0.0.1"]}.get(host, []))
    strict = Addresses(guard, https_only=True)
    assert [one.code for one in strict.findings("http://93.184.216.34/")] == ["address_https"]
    assert Addresses(guard, https_only=False).findings("http://93.184.216.34/") == []
    assert [one.code for one in strict.look_up("https://in.example/")] == ["address_address"]
    assert [one.code for one in strict.look_up("https://out.example/")] == ["connect_failed"]


def test_a_change_keeps_what_it_does_not_name(rest, make):
    made = make(headers={"X-A": "1"}, rate=5).endpoint
    told = rest("PATCH", f"{PATH}/{made['id']}", json={"events": ["deal.won", "deal.won"]})
    changed = {"events": ["deal.won"], "version": 2, "updated_at": told.json["updated_at"]}
    assert told.json == {**made, **changed}
    assert told.headers["ETag"] == '"2"'


def test_what_was_read_may_come_back_whole(rest, make):
    made = make(headers={"X-A": "1"}).endpoint
    told = rest("PATCH", f"{PATH}/{made['id']}", json={**made, "description": "mine"})
    assert (told.status_code, told.json["description"]) == (200, "mine")
    assert told.json["headers"] == {"X-A": None}


def test_headers_are_kept_changed_and_left_out(rest, make, row, room):
    made = make(headers={"X-A": "1", "X-B": "2", "X-C": "3"}).endpoint
    rest("PATCH", f"{PATH}/{made['id']}", json={"headers": {"X-A": None, "X-B": "new"}})
    assert room.keys.headers(row(made["id"])) == {"X-A": "1", "X-B": "new"}


@pytest.mark.parametrize("headers", [{}, {"headers": {"X-A": None}}])
def test_values_of_headers_do_not_go_along_to_another_server(rest, make, headers):
    made = make(headers={"X-A": "1"}).endpoint["id"]
    elsewhere = {"url": "https://93.184.216.35/in", **headers}
    wrong = rest("PATCH", f"{PATH}/{made}", json=elsewhere)
    assert pointers(wrong) == [("/headers/X-A", "give_anew")]
    again = rest("PATCH", f"{PATH}/{made}", json={**elsewhere, "headers": {"X-A": "1"}})
    assert again.status_code == 200


def test_a_change_upon_an_old_version_is_refused(rest, make):
    path = f"{PATH}/{make().endpoint['id']}"
    rest("PATCH", path, json={"rate": 5})
    old = {"headers": {"If-Match": '"1"'}}
    assert rest("PATCH", path, json={"rate": 6}, **old).status_code == 412
    assert rest("DELETE", path, **old).status_code == 412
    assert rest("DELETE", path, headers={"If-Match": '"2"'}).status_code == 204


def test_the_address_of_a_change_is_checked_too(rest, make):
    made = make().endpoint["id"]
    inner = rest("PATCH", f"{PATH}/{made}", json={"url": "https://10.0.0.1/"})
    assert pointers(inner) == [("/url", "address_address")]


def test_pausing_and_enabling(rest, make, row, core, north, clock):
    made = make().endpoint["id"]
    paused = rest("POST", f"{PATH}/{made}/pause").json
    assert (paused["state"], paused["reason"]) == ("paused", "Paused by Owner (test).")
    assert rest("POST", f"{PATH}/{made}/pause").json == paused
    with core.works.write(north.system()) as work:
        health = work.get(EndpointHealth, made)
        health.failures, health.failing_since, health.tat = 12, clock.now(), 7.0
        health.open_until = clock.now()
    enabled = rest("POST", f"{PATH}/{made}/enable").json
    assert (enabled["state"], enabled["reason"]) == ("active", "")
    assert (enabled["health"]["failures"], enabled["health"]["failing_since"]) == (0, None)
    assert row(made, EndpointHealth).tat == 7.0
    assert rest("GET", f"{PATH}?state=paused").json["data"] == []
    assert [one["id"] for one in rest("GET", f"{PATH}?state=active").json["data"]] == [made]


def test_what_was_switched_off_is_enabled_by_people_alone(rest, make, core, north):
    made = make().endpoint["id"]
    with core.works.write(north.system()) as work:
        work.get(Endpoint, made).state = "disabled"
    assert rest("POST", f"{PATH}/{made}/pause").status_code == 409
    assert rest("POST", f"{PATH}/{made}/enable").json["state"] == "active"


def test_a_deleted_endpoint_is_gone_and_its_secrets_with_it(rest, make, row):
    made = make(headers={"X-A": "1"}).endpoint["id"]
    ping = rest("POST", f"{PATH}/{made}/ping").json["id"]
    assert rest("DELETE", f"{PATH}/{made}").status_code == 204
    assert rest("GET", f"{PATH}/{made}").status_code == 404
    assert rest("DELETE", f"{PATH}/{made}").status_code == 404
    kept = row(made)
    assert (kept.state, kept.secret, kept.headers) == ("deleted", "", None)
    log = rest("GET", f"/webhook-deliveries/{ping}").json
    assert (log["state"], log["last_error"]) == ("failed", "The endpoint was deleted.")


def test_every_command_raises_the_generation_and_is_audited(rest, make, core, audited):
    seen = [core.generations.get(WEBHOOKS)]
    made = make().endpoint["id"]
    asked = [("PATCH", ""), ("POST", "/pause"), ("POST", "/enable"), ("POST", "/rotate-secret"),
             ("DELETE", "")]  # fmt: skip
    seen.append(core.generations.get(WEBHOOKS))
    for method, path in asked:
        rest(method, f"{PATH}/{made}{path}", json={})
        seen.append(core.generations.get(WEBHOOKS))
    assert seen == sorted(set(seen))
    assert [(action, subject) for action, subject, _changes in audited()] == [
        (f"webhook_endpoint.{one}", made)
        for one in ("created", "changed", "paused", "enabled", "secret_rotated", "deleted")
    ]


def test_neither_secrets_nor_paths_are_audited(make, rest, audited):
    made = make(url=f"{ADDRESS}/deep-secret", headers={"X-A": "deep-secret"})
    rest("PATCH", f"{PATH}/{made.endpoint['id']}", json={"headers": {"X-A": "deep-secret"}})
    assert "deep-secret" not in str(audited())
    assert made.secret not in str(audited())


def test_lists_go_page_by_page_the_latest_first(rest, make):
    ids = [make().endpoint["id"] for _number in range(3)]
    first = rest("GET", f"{PATH}?limit=2").json
    rest_of = rest("GET", f"{PATH}?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["data"] + rest_of["data"]] == ids[::-1]
    assert rest_of["next_cursor"] is None
    assert rest("GET", f"{PATH}?state=lost&origin=x").status_code == 422
