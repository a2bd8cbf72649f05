"""Whether services reach this server: it asks its own public address, as they would come."""

import re
from dataclasses import replace

import pytest

from geminicrm.app import create_app
from geminicrm.connections.reachability import REDIRECT, WEBHOOKS, Reachability
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.crypto import Cipher, new_key
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.vault import Vault
from geminicrm.runtime.manifest_build import build_manifest
from tests.support.browser import serving
from tests.support.connecting import connect
from tests.support.crm_pages import visitor
from tests.support.manifests import MINIMAL
from tests.support.ports import free_port
from tests.unit.connections.test_diagnosis import service

SOMEBODY = SystemActor("ws_1")
KEY = "sk_test_of_north_0123456789"
OAUTH = {
    "type": "oauth2",
    "settings": ["client_id"],
    "scopes": [],
    "authorization_url": "https://a.example/a",
    "token_url": "https://a.example/t",
}
WAY = build_manifest({**MINIMAL, "authentication": [OAUTH]}).authentication[0]
POST = replace(service(), webhook_secrets=frozenset({"webhook_secret"}))


def webhooks(actor, service_id, connection_id):
    return [("Webhook address", f"/api/webhooks/{service_id}/{actor.id}-{connection_id}")]


def reach(cipher, public_url, **resolver):
    return Reachability(Vault(cipher), HttpClient(**resolver), public_url, webhooks)


def tried(reachability):
    return [reachability.stage(one) for one in reachability.addresses(POST, WAY, SOMEBODY, "1")]


def test_the_addresses_are_those_of_the_public_address(core):
    found = reach(core.cipher, "https://crm.example/").addresses(POST, WAY, SOMEBODY, "1")
    assert [(one.stage, one.url) for one in found] == [
        (REDIRECT, "https://crm.example/integrations/post/callback"),
        (WEBHOOKS, "https://crm.example/api/webhooks/post/system-1"),
    ]
    plain = replace(WAY, type="bearer")
    nobody = reach(core.cipher, "https://crm.example").addresses(POST, plain)
    assert (nobody, reach(core.cipher, "").addresses(service(), plain, SOMEBODY, "1")) == ((), ())


def test_a_server_finds_itself(core, app):
    with serving(app) as url:
        found = tried(reach(core.cipher, url))
    assert [(one.name, one.ok) for one in found] == [(REDIRECT, True), (WEBHOOKS, True)]
    assert found[0].detail == f"{url}/integrations/post/callback leads to this server."


def test_another_server_is_found_out(core, app, outside):
    with serving(app) as url:
        (found, _) = tried(reach(Cipher([new_key()]), url))
    assert (found.ok, "Another server answers" in found.detail) == (False, True)
    outside.answers = [(404, {})]
    (found, _) = tried(reach(core.cipher, outside.url))
    assert "answers 404" in found.detail
    assert "GEMINICRM_PUBLIC_URL" in found.detail


def test_a_closed_port_and_a_private_address_are_told_apart(core):
    (found, _) = tried(reach(core.cipher, f"http://127.0.0.1:{free_port()}"))
    assert (found.ok, "that the server runs" in found.detail) == (False, True)
    names = {"resolver": lambda _host, _port: ["127.0.0.1"]}
    (found, _) = tried(reach(core.cipher, "http://crm.example", **names))
    assert (found.ok, "to a public one" in found.detail) == (False, True)
    (found, _) = tried(reach(core.cipher, "http://10.0.0.1"))
    assert not found.ok


def test_only_a_nonce_is_answered(client):
    assert client.get(f"/api/reachable/{'a' * 32}").status_code == 200
    assert client.get(f"/api/reachable/{'a' * 31}").status_code == 404
    assert client.get("/integrations/reachable/api_key").status_code == 404


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


def test_the_page_shows_the_addresses_and_tries_them(stripe, outside):
    admin = visitor(create_app(core=stripe.core), stripe.tenant)
    assert "once it is connected" in admin.page("/integrations/new/stripe")
    connection = connect(stripe, api_key=KEY, base_url=outside.url)
    page = admin.page(f"/integrations/{connection}")
    address = (
        f"{re.escape(stripe.core.settings.public_url)}/api/webhooks/stripe/[\\w-]{{32}}</code>"
    )
    assert len(re.findall(address, page)) == 1
    assert re.findall(address, page) == re.findall(
        address, admin.page(f"/integrations/{connection}")
    )
    assert 'data-copy="address-webhooks"' in page
    answer = admin.post(f"/integrations/{connection}/reach")
    assert (answer.status_code, 'data-stage="webhooks"' in answer.text) == (200, True)


def test_a_test_looks_at_webhooks_that_are_in_use_and_stops_nothing(stripe, outside):
    outside.answers = [(200, {"livemode": False})]
    owner, testing = stripe.tenant.owner(), stripe.core.connections.testing
    connection = connect(stripe, api_key=KEY, base_url=outside.url, webhook_secret="whsec_" * 4)
    found = testing.run(owner, connection)
    assert (found.status, found.stages[-1].name) == ("connected", WEBHOOKS)
    unused = connect(stripe, api_key=KEY, base_url=outside.url)
    assert WEBHOOKS not in [one.name for one in testing.run(owner, unused).stages]


def test_what_webhooks_are_checked_with_is_asked_for_whatever_the_way(open_built_in):
    hubspot = open_built_in("hubspot")
    admin = visitor(create_app(core=hubspot.core), hubspot.tenant)
    page = admin.page("/integrations/new/hubspot?way=private_app")
    assert 'name="setting-client_secret"' in page
    assert 'name="setting-client_id"' not in page
