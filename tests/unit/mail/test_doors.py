"""Mail over REST and on the pages."""

import pytest

from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.shapes import addresses

BODY = {"to": [{"email": "ada@example.com"}], "subject": "Hello", "text": "Hi"}


@pytest.fixture
def api(client, tenant):
    def call(method, path, **more):
        return client.open(f"/api/mails{path}", method=method, headers=tenant.headers(), **more)

    return call


def test_a_mail_is_written_listed_and_read(api):
    made = api("POST", "", json=BODY)
    assert made.status_code == 201
    assert made.json["state"] == "queued"
    assert [one["id"] for one in api("GET", "").json["data"]] == [made.json["id"]]
    assert api("GET", f"/{made.json['id']}").json["subject"] == "Hello"
    assert api("GET", "?state=sent").json["data"] == []


def test_pages_follow_each_other(api):
    ids = [api("POST", "", json=BODY).json["id"] for _ in range(3)]
    first = api("GET", "?limit=2").json
    rest = api("GET", f"?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["data"] + rest["data"]] == sorted(ids, reverse=True)
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**BODY, "to": "ada@example.com"}, "/to"),
        ({**BODY, "colour": "red"}, "/colour"),
        ({**BODY, "subject": ""}, "/subject"),
        ({**BODY, "related_type": "lead", "related_id": "lead_unknown"}, None),
    ],
)
def test_what_is_wrong_is_told(api, body, pointer):
    answer = api("POST", "", json=body)
    assert answer.status_code in {404, 422}
    assert [one["pointer"] for one in answer.json.get("errors", [])] == [pointer] * bool(pointer)


def test_an_unknown_state_is_no_filter(api):
    assert api("GET", "?state=lost").status_code == 422


def test_a_mail_of_unknown_fate_is_settled_or_sent_again(api, core, tenant):
    for action, state in (("sent", "sent"), ("send", "queued")):
        made = api("POST", "", json=BODY).json["id"]
        with core.works.write(tenant.owner()) as work:
            work.get(OutgoingMail, made).state = "unknown"
        assert api("POST", f"/{made}/{action}").json["state"] == state


def test_addresses_as_people_write_them():
    text = '"Ada Lovelace" <ada@example.com>, bob@example.com;\nEve <eve@example.com>'
    assert addresses(text) == [
        {"email": "ada@example.com", "name": "Ada Lovelace"},
        {"email": "bob@example.com", "name": ""},
        {"email": "eve@example.com", "name": "Eve"},
    ]


def test_nobody_sends_through_an_account_that_is_not_theirs(api):
    answer = api("POST", "", json={**BODY, "connection_id": "conn_of_somebody_else"})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == ["/connection_id"]
