"""Nothing that a stranger sends makes a scheme raise anything but Rejected."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from geminicrm.webhooks.incoming.scheme import Checking, Rejected, Request
from tests.support.webhook_samples import NOW
from tests.support.webhook_schemes import SAMPLES, TRUSTING

ALL = list(SAMPLES.values())
SIGNING_BYTES = [sample for sample in ALL if sample.scheme != "twilio"]  # it signs fields
KNOWN = sorted({name for sample in ALL for name in sample.request().headers} | {"x-wh-signature"})
every = pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.scheme)
quickly = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

leaves = some.none() | some.booleans() | some.integers() | some.floats() | some.text()
data = some.recursive(
    leaves,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=6,
)
bodies = some.binary(max_size=80) | data.map(lambda one: json.dumps(one).encode())
pieces = some.sampled_from([
    "v0=", "v1,", "t=", "ts=", ";h1=", ",v1=", "sha256=", "Bearer ", "Basic ", "a.b.c", str(NOW),
    str(NOW * 1000), "2026-01-15T10:00:00Z", "https://x.paypal.com/", "SHA256withRSA", "eA==",
    "algorithm=", " ", "9999-12-31T23:59:59-23:59",
])  # fmt: skip
values = some.text(max_size=30) | some.lists(pieces, max_size=5).map("".join)
headers = some.dictionaries(
    some.sampled_from([*KNOWN, "content-type"]), some.lists(values, max_size=2), max_size=6
)
urls = some.text(max_size=40) | some.sampled_from([
    "https://[", "https://a:x/?bodySHA256=x", "https://a/?validationToken=%ff", "http://a:1",
])  # fmt: skip


options = some.dictionaries(
    some.sampled_from([
        "header", "algorithm", "encoding", "prefix", "timestamp_header", "signed", "id_header",
        "audience", "email", "app_id", "webhook_id", "channel_id", "resource_id", "ed25519_key",
        "rsa_key",
    ]),
    some.text(max_size=20),
)  # fmt: skip


def outcome(sample, request, **changes):
    """Give what came of it: "events", or the part that is wrong."""
    try:
        TRUSTING[sample.scheme].verify(request, replace(sample.checking(), **changes))
    except Rejected as refused:
        return refused.part
    return "events"


HANDSHAKE = {True: {"events"}, False: set()}
PARTS = {"secret", "header", "time", "signature", "body", "url", "certificate", "token"}


@every
@quickly
@given(headers=headers, body=bodies, url=urls, method=some.text(max_size=8))
def test_what_is_made_up_is_refused_and_no_more(sample, headers, body, url, method):
    request = Request(method=method, url=url, headers=headers, body=body)
    assert outcome(sample, request) in PARTS | HANDSHAKE["validationToken" in url]


@every
@quickly
@given(headers=headers, body=bodies)
def test_a_good_request_with_other_headers_or_another_body_raises_nothing_else(
    sample, headers, body
):
    good = sample.request()
    mixed = replace(good, headers={**good.headers, **headers})
    assert outcome(sample, mixed) in PARTS | {"events"}
    assert outcome(sample, replace(good, body=body)) in PARTS | {"events"}


@pytest.mark.parametrize("sample", SIGNING_BYTES, ids=lambda sample: sample.scheme)
@quickly
@given(body=bodies)
def test_a_signed_body_of_any_kind_is_read_or_refused(sample, body):
    fitting = replace(sample, body=body, compose=None)
    assert outcome(sample, fitting.request()) in PARTS | {"events"}


@every
@quickly
@given(secret=some.text(max_size=30), options=options)
def test_a_secret_or_an_option_of_any_kind_raises_nothing_else(sample, secret, options):
    mixed = {**sample.options, **options}
    assert outcome(sample, sample.request(), secrets=(secret,)) in PARTS | {"events"}
    assert outcome(sample, sample.request(), options=mixed) in PARTS | {"events"}


@pytest.mark.parametrize("scheme", ["paypal", "gmail-pubsub"])
@quickly
@given(fetched=bodies | data.map(lambda one: json.dumps({"keys": one}).encode()) | some.just(
    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))  # fmt: skip
def test_a_key_of_any_kind_is_no_key(scheme, fetched):
    sample = SAMPLES[scheme]
    found = outcome(sample, sample.request(), fetch=lambda _url: fetched)
    assert found in {"certificate", "token"}


def test_a_secret_with_half_a_character_raises_nothing_else():
    checking = Checking(secrets=["\ud800"], now=NOW)
    with pytest.raises(Rejected):
        TRUSTING["stripe"].verify(SAMPLES["stripe"].request(), checking)
