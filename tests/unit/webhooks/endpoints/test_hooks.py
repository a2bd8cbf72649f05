"""REST hooks: subscribed to, sampled, taken back, ended by themselves."""

import json
from datetime import timedelta

import pytest

from geminicrm.kernel.errors import ScopeMissing
from geminicrm.kernel.generation import WEBHOOKS
from geminicrm.webhooks.outgoing.models import Delivery, Endpoint
from tests.support.core import make_tenant
from tests.support.working import Hands

ADDRESS = "https://93.184.216.34/in"
PATH = "/hooks"
WISH = {"target_url": ADDRESS, "event": "lead.created"}


@pytest.fixture
def row(core, north):
    def row(endpoint_id):
        with core.works.read(north.system()) as work:
            return work.session.get(Endpoint, endpoint_id)

    return row


def test_a_program_subscribes_and_takes_it_back(rest, row):
    made = rest("POST", PATH, json=WISH)
    assert made.status_code == 201
    hook = made.json["id"]
    told = {name: made.json[name] for name in ("target_url", "event", "expiration_date")}
    assert told == {**WISH, "expiration_date": None}
    assert made.json["secret"].startswith("whsec_")
    listed = rest("GET", "/webhook-endpoints?origin=hook").json["data"]
    assert [(one["id"], one["events"], one["origin"]) for one in listed] == [
        (hook, ["lead.created"], "hook")
    ]
    assert rest("DELETE", f"{PATH}/{hook}").status_code == 204
    assert rest("DELETE", f"{PATH}/{hook}").status_code == 404
    assert row(hook).state == "deleted"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"target_url": "https://127.0.0.1/"}, "/target_url"),
        ({"target_url": "ftp://x"}, "/target_url"),
        ({"event": "lead.lost"}, "/event"),
        ({"event": ""}, "/event"),
        ({"expiration_date": "soon"}, "/expiration_date"),
        ({"expiration_date": "2026-11-21T09:00:00Z"}, "/expiration_date"),
        ({"expiration_date": "2036-12-21"}, "/expiration_date"),
        ({"expiration_date": "2026-12-21T09:00:00"}, "/expiration_date"),
        ({"url": ADDRESS}, "/url"),
    ],
)
def test_what_is_wrong_is_told_by_its_name_here(rest, changes, pointer):
    answer = rest("POST", PATH, json={**WISH, **changes})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ("2026-11-22", "2026-11-22T00:00:00.000000Z"),
        ("2026-11-22T00:00:00Z", "2026-11-22T00:00:00.000000Z"),
        ("2026-11-22T01:00:00+01:00", "2026-11-22T00:00:00.000000Z"),
    ],
)
def test_a_subscription_ends_by_itself(rest, row, core, clock, given, ends):
    hook = rest("POST", PATH, json={**WISH, "expiration_date": given}).json
    assert hook["expiration_date"] == ends
    clock.advance(timedelta(hours=15).total_seconds() - 1)
    assert (core.outgoing.hooks.expire(), row(hook["id"]).state) == (0, "active")
    clock.advance(1)
    seen = core.generations.get(WEBHOOKS)
    assert (core.outgoing.hooks.expire(), row(hook["id"]).state) == (1, "deleted")
    assert core.generations.get(WEBHOOKS) > seen
    assert core.outgoing.hooks.expire() == 0
    assert row(hook["id"]).reason == "The subscription has expired."


def test_what_waits_for_an_ended_subscription_has_failed(rest, core, deliver, clock, north):
    hook = rest("POST", PATH, json={**WISH, "expiration_date": "2026-11-22"}).json["id"]
    waiting, done = deliver(hook), deliver(hook, state="delivered")
    clock.advance(timedelta(days=1).total_seconds())
    core.outgoing.hooks.expire()
    with core.works.read(north.system()) as work:
        states = [work.get(Delivery, one).state for one in (waiting, done)]
    assert states == ["failed", "delivered"]


def test_only_hooks_are_taken_back_here_and_only_ones_own(rest, core, make):
    south = make_tenant(core, "south")
    hook, endpoint = rest("POST", PATH, json=WISH).json["id"], make().endpoint["id"]
    assert rest("DELETE", f"{PATH}/{endpoint}").status_code == 404
    assert rest("DELETE", f"{PATH}/{hook}", south).status_code == 404
    assert rest("DELETE", f"{PATH}/whe_unknown").status_code == 404


def test_samples_are_the_latest_events_or_the_sample_of_the_type(rest, core, north, assert_fits):
    kind = rest("GET", "/event-types/lead.created").json
    assert rest("GET", f"{PATH}/samples/lead.created").json == [kind["sample"]]
    made = [rest("POST", "/leads", json={"last_name": f"L{number}"}).json for number in range(4)]
    hands = Hands(core)
    hands.work()
    hands.close()
    samples = rest("GET", f"{PATH}/samples/lead.created").json
    assert [one["data"]["id"] for one in samples] == [one["id"] for one in made[:0:-1]]
    assert_fits(kind["schema"], json.loads(json.dumps(samples[0])))
    south = make_tenant(core, "south")
    assert rest("GET", f"{PATH}/samples/lead.created", south).json == [kind["sample"]]
    assert rest("GET", f"{PATH}/samples/lead.lost").status_code == 404


def test_samples_are_for_those_who_may_be_told(core, north):
    with pytest.raises(ScopeMissing) as refused:
        core.outgoing.hooks.samples(north.owner("read:deals"), "lead.created")
    assert refused.value.scope == "read:leads"
