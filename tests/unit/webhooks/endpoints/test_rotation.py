"""New secrets: both sign for a day, or the old one ends at once; pings; keys of the vault."""

import json

import pytest
from cryptography.fernet import Fernet

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.vault import Vault
from geminicrm.webhooks.outgoing.keys import EndpointKeys, reencrypt, sweep
from geminicrm.webhooks.outgoing.models import Endpoint, Message

PATH = "/webhook-endpoints"
_HOUR = 3600


@pytest.fixture
def keys_of(core, north, room):
    """Give the secrets that sign now for an endpoint."""

    def keys_of(endpoint_id, keys=room.keys):
        with core.works.read(north.system()) as work:
            return keys.signing(work.get(Endpoint, endpoint_id), work.now)

    return keys_of


def test_both_secrets_sign_for_a_day_the_new_one_first(rest, make, keys_of, clock):
    made = make()
    path = f"{PATH}/{made.endpoint['id']}/rotate-secret"
    new = rest("POST", path)
    assert new.status_code == 200
    assert new.json["old_secret_until"] == "2026-11-22T09:00:00.000000Z"
    assert keys_of(made.endpoint["id"]) == [new.json["secret"], made.secret]
    clock.advance(24 * _HOUR - 1)
    assert len(keys_of(made.endpoint["id"])) == 2
    clock.advance(1)
    assert keys_of(made.endpoint["id"]) == [new.json["secret"]]


def test_with_immediate_the_old_secret_ends_at_once(rest, make, keys_of):
    made = make().endpoint["id"]
    new = rest("POST", f"{PATH}/{made}/rotate-secret", json={"immediate": True}).json
    assert keys_of(made) == [new["secret"]]
    assert new["old_secret_until"] is None


def test_a_secret_may_be_given(rest, make, keys_of):
    made, other = make().endpoint["id"], make().secret
    path = f"{PATH}/{made}/rotate-secret"
    assert rest("POST", path, json={"secret": other}).json["secret"] == other
    assert keys_of(made)[0] == other
    assert rest("POST", path, json={"secret": "plain"}).status_code == 422
    assert rest("POST", path, data="x", content_type="text/plain").status_code == 415


def test_old_secrets_are_forgotten(rest, make, core, north, clock):
    made = make().endpoint["id"]
    rest("POST", f"{PATH}/{made}/rotate-secret")

    def old_secret_after(seconds):
        clock.advance(seconds)
        with core.works.across_workspaces("sweep", write=True) as work:
            sweep(work)
        with core.works.read(north.system()) as work:
            return work.get(Endpoint, made).old_secret

    assert old_secret_after(24 * _HOUR - 1)
    assert old_secret_after(1) is None


def test_secrets_are_encrypted_anew_with_a_new_key(rest, make, core, north, keys_of):
    made = make(headers={"X-A": "1"})
    rotated = rest("POST", f"{PATH}/{made.endpoint['id']}/rotate-secret").json["secret"]
    gone = make().endpoint["id"]
    rest("DELETE", f"{PATH}/{gone}")
    new_key = Fernet.generate_key().decode()
    old_keys = core.settings.encryption_keys
    both = Cipher([new_key, *old_keys])
    assert reencrypt(core.works, core.generations, both) == 3
    new_alone = EndpointKeys(Vault(Cipher([new_key])))
    assert keys_of(made.endpoint["id"], new_alone) == [rotated, made.secret]


def test_a_ping_goes_to_one_endpoint_alone_past_its_filter(rest, make, core, north):
    only = [{"path": "type", "op": "eq", "value": "deal.won"}]
    tried = make(events=("deal.won",)).endpoint["id"]
    rest("PATCH", f"{PATH}/{tried}", json={"filter": only})
    make(events=("*",))
    answer = rest("POST", f"{PATH}/{tried}/ping")
    assert answer.status_code == 202
    log = rest("GET", "/webhook-deliveries").json["data"]
    assert [(one["id"], one["endpoint_id"]) for one in log] == [(answer.json["id"], tried)]
    assert answer.headers["Location"] == f"/api/webhook-deliveries/{answer.json['id']}"
    found = rest("GET", f"/webhook-deliveries/{answer.json['id']}").json
    assert (found["trigger"], found["type"], found["state"]) == ("ping", "webhook.ping", "queued")
    assert found["asked_by"] == north.owner_id
    body = json.loads(found["body"])
    assert body["id"] == found["event_id"]
    assert body["data"] == {"endpoint_id": tried, "sent_by": "Owner (test)"}
    assert rest("GET", "/events").json["data"] == []


def test_a_ping_fits_its_schema(rest, make, assert_fits):
    made = make(events=("webhook.ping",)).endpoint["id"]
    delivery = rest("POST", f"{PATH}/{made}/ping").json["id"]
    body = json.loads(rest("GET", f"/webhook-deliveries/{delivery}").json["body"])
    assert_fits(rest("GET", "/event-types/webhook.ping").json["schema"], body)


def test_a_ping_has_the_shape_of_the_endpoint(rest, make):
    made = make().endpoint["id"]
    template = '{"text": "New lead: {{ data.email }}", "type": "{{ type }}"}'
    rest("PATCH", f"{PATH}/{made}", json={"template": template})
    delivery = rest("POST", f"{PATH}/{made}/ping").json["id"]
    body = json.loads(rest("GET", f"/webhook-deliveries/{delivery}").json["body"])
    assert body == {"text": "New lead: ", "type": "webhook.ping"}


def test_an_endpoint_that_is_paused_is_not_pinged(rest, make):
    made = make().endpoint["id"]
    rest("POST", f"{PATH}/{made}/pause")
    answer = rest("POST", f"{PATH}/{made}/ping")
    assert answer.status_code == 409
    assert "enable it first" in answer.json["detail"]


def test_messages_of_pings_are_kept_apart(rest, make, core, north):
    made = make().endpoint["id"]
    first, second = (rest("POST", f"{PATH}/{made}/ping").json for _number in range(2))
    assert first["event_id"] != second["event_id"]
    with core.works.read(north.system()) as work:
        assert work.session.query(Message).count() == 2
