"""Whatever comes in: an answer that was meant, and never a failure of the server."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geminicrm.webhooks.incoming.schemes import SCHEMES
from tests.support.webhooks_in import open_gate, signature

MEANT = {200, 202, 204, 400, 401, 403, 406, 413}
HEADERS = (
    "Stripe-Signature",
    "X-HubSpot-Signature-v3",
    "X-HubSpot-Request-Timestamp",
    "Webhook-Id",
    "Webhook-Timestamp",
    "Webhook-Signature",
    "Content-Type",
    "X-Signature",
)
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=[0, 1])
def all_schemes(stage, tenant, request):
    """Give a gate with a webhook of each second scheme: a manifest has no room for all."""
    names = sorted(SCHEMES)[request.param :: 2]
    hooks = [{"id": name, "scheme": name, "secrets": ["signing"]} for name in names]
    gate = open_gate(stage, tenant, hooks=hooks)
    yield gate
    gate.hands.close()


def paths(gate):
    addresses = gate.core.incoming.addresses
    found = addresses.paths(gate.tenant.owner(), "sample", gate.connection_id)
    return [path for _, path in found]


def test_noise_is_never_a_failure(all_schemes):
    everywhere = paths(all_schemes)
    client = all_schemes.app.test_client(use_cookies=False)

    @QUIET
    @given(
        st.sampled_from(everywhere),
        st.dictionaries(st.sampled_from(HEADERS), LATIN),
        st.binary(max_size=200),
        LATIN,
    )
    def noise(path, headers, body, query):
        asked = {"QUERY_STRING": query}
        given = {"headers": headers, "data": body, "environ_overrides": asked}
        assert client.post(path, **given).status_code in MEANT

    noise()


@QUIET
@given(body=st.binary(max_size=200) | JSON.map(lambda one: json.dumps(one).encode()))
def test_signed_noise_is_never_a_failure(gate, body):
    assert gate.send(body).status_code in {200, 400}


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "evt_1", "type": "a\\u0000b", "text": "\\u0000"}',
        b'{"id": "evt_\\ud800", "type": "\\ud800", "text": "\\udfff"}',
        b'{"id": 12345678901234567890123, "type": 1, "n": 1e999}',
        b'{"id": {"a": 1}, "type": null, "n": -Infinity}',
        b'{"id": "' + b"x" * 5000 + b'", "type": "' + b"y" * 5000 + b'"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 10_000,
        b"\xff\xfe{}",
        b"",
    ],
)
def test_signed_oddities_are_stored_or_refused(both_gates, body):
    gate = both_gates
    assert gate.send(body).status_code in {200, 400}
    gate.work()
    assert {one.state for one in gate.items()} <= {"done"}


def test_the_header_of_another_length_or_alphabet_is_refused(gate):
    good = signature(b"{}", gate.now())
    odd = ["abc", "t=", "t=1", "v1=", "t=²,v1=a", good[:-1], f"{good}x", "é" * 100, "a" * 10_240]
    statuses = {gate.send(b"{}", headers={"Stripe-Signature": one}).status_code for one in odd}
    assert statuses == {401}
