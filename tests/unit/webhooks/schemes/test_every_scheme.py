"""What holds for every scheme: good ones, rotated secrets, time, and each part wrong."""

from dataclasses import replace

import pytest

from geminicrm.webhooks.incoming.schemes import SCHEMES
from tests.support.webhook_samples import NOW
from tests.support.webhook_schemes import (
    SAMPLES,
    TRUSTING,
    is_believed,
    refused,
    verified,
    with_headers,
    without,
)

ALL = list(SAMPLES.values())
WITH_SECRET = [sample for sample in ALL if SCHEMES[sample.scheme].needs_secret]
TIMED = [sample for sample in ALL if sample.timed]
COVERED = [sample for sample in ALL if sample.covered]
VITAL = [(sample, name) for sample in ALL for name in sample.vital]


def of(samples):
    return pytest.mark.parametrize("sample", samples, ids=lambda sample: sample.scheme)


vital = pytest.mark.parametrize(
    ("sample", "name"), VITAL, ids=[f"{sample.scheme}-{name}" for sample, name in VITAL]
)


def test_every_scheme_has_a_sample():
    assert SAMPLES.keys() == SCHEMES.keys() == TRUSTING.keys()


@pytest.mark.parametrize("name", SCHEMES)
def test_each_stands_under_its_own_name(name):
    assert SCHEMES[name].name == name
    assert SCHEMES[name].label


@of(ALL)
def test_a_good_request_is_one_event(sample):
    found = verified(sample)
    assert [(item.key, item.type) for item in found.items] == [(sample.key, sample.type)]
    assert found.reply is None


@of(ALL)
def test_sent_again_it_has_the_same_key(sample):
    first, second = verified(sample), verified(sample, sample.request(at=NOW + 60))
    assert [item.key for item in first.items] == [item.key for item in second.items]


@of(WITH_SECRET)
def test_while_secrets_are_rotated_both_hold(sample):
    pair = (sample.other, sample.secret)
    assert verified(sample, secrets=pair).items
    assert verified(sample, sample.request(secret=sample.other), secrets=pair).items


@of(WITH_SECRET)
def test_another_secret_does_not_hold(sample):
    assert refused(sample, secrets=(sample.other,)).part in {"signature", "token"}


@of(WITH_SECRET)
@pytest.mark.parametrize("secrets", [(), ("",), ("", "")], ids=["none", "empty", "two-empty"])
def test_without_a_secret_nothing_is_believed(sample, secrets):
    assert refused(sample, secrets=secrets).part == "secret"


@of(WITH_SECRET)
def test_an_empty_secret_beside_a_good_one_opens_nothing(sample):
    assert verified(sample, secrets=("", sample.secret)).items


@of(TIMED)
@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_both_ways_are_near_enough(sample, seconds):
    assert verified(sample, now=NOW + seconds).items


@of(TIMED)
@pytest.mark.parametrize("seconds", [-3600, -301, 301, 86_400])
def test_what_is_not_of_now_is_refused(sample, seconds):
    found = refused(sample, now=NOW + seconds)
    assert found.part == "time"
    assert str(abs(seconds)) in found.detail


@of(COVERED)
@pytest.mark.parametrize("change", [b" ", b"\n", b"x"])
def test_a_changed_body_does_not_fit(sample, change):
    request = sample.request()
    found = refused(sample, replace(request, body=request.body + change))
    assert found.part == "signature"


@vital
def test_a_missing_header_is_named(sample, name):
    found = refused(sample, without(sample.request(), name))
    assert found.part == "header"


@vital
@pytest.mark.parametrize(
    "values",
    [[""], ["  "], ["a", "b"], ["ü"], ["x" * 10_000], ["a\x00b"], ["a\nb"], []],
    ids=["empty", "blank", "twice", "non-ascii", "10-kB", "nul", "line-end", "no-value"],
)
def test_a_header_that_nobody_can_use_is_refused(sample, name, values):
    request = with_headers(sample.request(), **{name: values})
    found = refused(sample, request)
    assert found.part == "header"
    assert found.status in {400, 401, 403}


@vital
def test_the_same_header_twice_is_refused(sample, name):
    request = sample.request()
    doubled = with_headers(request, **{name: [*request.headers[name], *request.headers[name]]})
    assert refused(sample, doubled).part == "header"


@vital
@pytest.mark.parametrize(
    "value", ["abc", ",", "=", "t=,v1=", "v1", "%%%", "9" * 400, "-1", "1e9", "v1,", "ts=;h1="]
)
def test_a_malformed_header_is_refused_by_the_service_s_own_code(sample, name, value):
    found = refused(sample, with_headers(sample.request(), **{name: [value]}))
    assert found.status in {400, 401, 403}


@of(ALL)
def test_nothing_at_all_is_refused(sample):
    request = replace(sample.request(), headers={}, body=b"")
    assert refused(sample, request).status in {400, 401, 403}


@of(ALL)
def test_no_secret_stands_in_what_is_said(sample):
    found = refused(sample, replace(sample.request(), headers={}, body=b"{}"))
    assert sample.secret not in found.detail


@pytest.mark.parametrize("sender", ALL, ids=lambda sample: f"from-{sample.scheme}")
@pytest.mark.parametrize("sample", ALL, ids=lambda sample: f"at-{sample.scheme}")
def test_only_its_own_service_is_believed(sample, sender):
    believed = is_believed(sample, sender.request(), sample.secret, sender.secret)
    assert believed == (sample is sender)
