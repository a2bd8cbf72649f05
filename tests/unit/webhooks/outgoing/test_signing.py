"""Signatures, as the libraries of the specification see them."""

import base64
import hmac
import time

import orjson
import pytest

from geminicrm.webhooks.outgoing.signing import new_secret, signed_headers
from tests.support.webhook_receivers import node_verifier, standardwebhooks, svix

BODIES = {
    "small": orjson.dumps({"type": "lead.created"}),
    "unicode": orjson.dumps({"name": 'Zoë ☃ \U0001d518 "\\ \u2028 \x7f é'}),
    "256 KB": orjson.dumps({"note": "é☃x" * 43_690}),
}
LIBRARIES = {
    "standardwebhooks": lambda: standardwebhooks,
    "svix": lambda: svix,
    "npm standardwebhooks": lambda: node_verifier("standardwebhooks"),
    "npm svix": lambda: node_verifier("svix"),
}


@pytest.fixture(params=LIBRARIES)
def verify(request):
    return LIBRARIES[request.param]()


@pytest.fixture(params=BODIES)
def body(request):
    return BODIES[request.param]


def signed(keys, body, at=None):
    return signed_headers(keys, "evt_1", "lead.created", at or int(time.time()), body)


def test_what_is_sent_verifies(verify, body):
    secret = new_secret()
    assert verify(secret, signed([secret], body), body)


def test_both_secrets_verify_while_both_hold(verify):
    old, new = new_secret(), new_secret()
    body = BODIES["unicode"]
    headers = signed([new, old], body)
    assert verify(new, headers, body)
    assert verify(old, headers, body)
    assert not verify(old, signed([new], body), body)


def test_what_was_changed_or_is_old_does_not_verify(verify):
    secret, body = new_secret(), BODIES["small"]
    headers = signed([secret], body)
    assert not verify(secret, headers, body + b" ")
    assert not verify(secret, {**headers, "webhook-id": "evt_2"}, body)
    assert not verify(new_secret(), headers, body)
    assert not verify(secret, signed([secret], body, int(time.time()) - 600), body)


@pytest.mark.parametrize("size", [24, 64])
def test_secrets_of_any_allowed_length_verify(verify, size):
    secret = "whsec_" + base64.b64encode(bytes(range(size))).decode()
    assert verify(secret, signed([secret], b"{}"), b"{}")


def test_the_new_signature_comes_first():
    old, new = new_secret(), new_secret()
    both = signed([new, old], b"{}", 1)["webhook-signature"]
    alone = [signed([one], b"{}", 1)["webhook-signature"] for one in (new, old)]
    assert both == " ".join(alone)


def test_the_plain_signature_is_of_the_body_alone_with_the_newest_secret():
    old, new = new_secret(), new_secret()
    headers = signed([new, old], b"{}")
    assert headers["X-Webhook-Signature"] == hmac.new(new.encode(), b"{}", "sha256").hexdigest()
    assert headers["X-Webhook-Event"] == "lead.created"


def test_a_secret_that_is_no_whsec_signs_with_its_own_characters():
    headers = signed(["plain é"], b"{}", 1)
    raw = hmac.new("plain é".encode(), b"evt_1.1.{}", "sha256").digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(raw).decode()
