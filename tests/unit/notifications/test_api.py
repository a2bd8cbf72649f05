"""Notifications for programs."""

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core
from tests.support.core import Tenant, make_tenant
from tests.support.life_app import Browser
from tests.support.notices import mend, tell

URL = "/api/notifications"


def test_the_list(client: FlaskClient, core: Core, tenant: Tenant):
    tell(core, tenant)
    tell(core, tenant)
    (one,) = client.get(URL, headers=tenant.headers()).json["data"]
    assert one.pop("id").startswith("ntf_")
    assert one == {
        "kind": "dead_letters",
        "severity": "error",
        "title": "1 job was given up: Lead scoring",
        "body": "The last one: no route to host.",
        "link": "/jobs?state=dead",
        "count": 2,
        "first_at": "2026-11-21T09:00:00.000000Z",
        "last_at": "2026-11-21T09:00:00.000000Z",
        "resolved_at": None,
        "unread": True,
        "read_at": None,
    }


def test_pages_of_unread_ones(client: FlaskClient, core: Core, tenant: Tenant):
    for key in ("a", "b", "c"):
        tell(core, tenant, key=key, title=key)
    mend(core, tenant, "c")
    first = client.get(f"{URL}?limit=1&unread=1", headers=tenant.headers())
    assert [one["title"] for one in first.json["data"]] == ["b"]
    link = first.headers["Link"]
    assert link == f'<{URL}?limit=1&unread=1&cursor={first.json["next_cursor"]}>; rel="next"'
    second = client.get(link[1:].partition(">")[0], headers=tenant.headers())
    assert [one["title"] for one in second.json["data"]] == ["a"]
    assert second.json["next_cursor"] is None
    assert "Link" not in second.headers


def test_marks(client: FlaskClient, core: Core, tenant: Tenant):
    tell(core, tenant)
    tell(core, tenant, key="another")
    first, second = client.get(URL, headers=tenant.headers()).json["data"]
    read = client.post(f"{URL}/{first['id']}/read", headers=tenant.headers())
    assert (read.status_code, read.json["unread"]) == (200, False)
    unread = client.get(f"{URL}?unread=1", headers=tenant.headers()).json["data"]
    assert [one["id"] for one in unread] == [second["id"]]
    assert client.post(f"{URL}/read-all", headers=tenant.headers()).json == {"read": 1}
    assert client.post(f"{URL}/read-all", headers=tenant.headers()).json == {"read": 0}


def test_what_there_is_not(client: FlaskClient, core: Core, tenant: Tenant):
    tell(core, make_tenant(core, "south"))
    assert client.get(URL, headers=tenant.headers()).json["data"] == []
    assert client.post(f"{URL}/ntf_1/read", headers=tenant.headers()).status_code == 404


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("limit=0", "/limit"), ("cursor=x", "/cursor"), ("unread=yes", "/unread")],
)
def test_wrong_questions(client: FlaskClient, tenant: Tenant, query: str, pointer: str):
    answer = client.get(f"{URL}?{query}", headers=tenant.headers())
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


def test_members_may_not(member: Browser):
    headers = {"X-CSRFToken": member.token}
    calls = (
        member.client.get(URL),
        member.client.post(f"{URL}/ntf_1/read", headers=headers),
        member.client.post(f"{URL}/read-all", headers=headers),
    )
    assert [(one.status_code, one.json["code"]) for one in calls] == [(403, "scope_missing")] * 3
