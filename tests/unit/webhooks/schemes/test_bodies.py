"""Bodies as services write them: odd JSON, forms, batches, and none at all."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tests.support.webhook_samples import FORM, NOW, SECRET, hmac_of
from tests.support.webhook_schemes import SAMPLES, mailgun_body, refused, verified, with_headers

BY_BYTES = [
    SAMPLES[name]
    for name in ("stripe", "slack", "github", "zoom", "shopify", "woocommerce", "paddle",
                 "standard-webhooks", "hmac", "shared-key", "gitlab", "basic-auth")
]  # fmt: skip
ODD = {
    "spaces": b' { "id" : "x" , "a" : [ 1 , 2 ] } ',
    "order": b'{"z":1,"a":2,"id":"x"}',
    "escapes": b'{"id":"\\u0078","n":"\\u00e9\\/"}',
    "unicode": '{"n":"é漢🎉"}'.encode(),
    "crlf": b'{\r\n  "id": "x"\r\n}\r\n',
    "twice": b'{"id":"x","id":"y"}',
    "empty": b"{}",
}
MAILGUN, GITHUB = SAMPLES["mailgun"], SAMPLES["github"]
SENDGRID, HUBSPOT = SAMPLES["sendgrid"], SAMPLES["hubspot"]

bodies = pytest.mark.parametrize("body", ODD.values(), ids=ODD)
by_bytes = pytest.mark.parametrize("sample", BY_BYTES, ids=lambda sample: sample.scheme)


@by_bytes
@bodies
def test_json_of_any_look_is_good_as_it_came(sample, body):
    [item] = verified(sample, sample.request(body)).items
    assert item.data == json.loads(body)


@pytest.mark.parametrize("sample", [SENDGRID, HUBSPOT], ids=["sendgrid", "hubspot"])
@bodies
def test_so_is_a_batch(sample, body):
    batch = b"[" + body + b",\r\n" + body + b"]\r\n"
    assert [item.data for item in verified(sample, sample.request(batch)).items] == json.loads(
        batch
    )


@by_bytes
@bodies
def test_written_anew_it_is_another_body(sample, body):
    rewritten = json.dumps(json.loads(body), indent=3).encode() + b"\n"
    request = replace(sample.request(body), body=rewritten)
    assert refused_or_same(sample, request) in {"signature", rewritten}


def refused_or_same(sample, request):
    """Give the part where the body is signed; where it is not, the body that was taken."""
    return refused(sample, request).part if sample.covered else request.body


@pytest.mark.parametrize("sample", [SENDGRID, HUBSPOT], ids=["sendgrid", "hubspot"])
@pytest.mark.parametrize(("body", "count"), [(b"[]", 0), (b"[{}]", 1), (b"[{},{}]", 2), (b"{}", 1)])
def test_a_batch_may_be_empty_or_of_events_without_an_id(sample, body, count):
    items = verified(sample, sample.request(body)).items
    assert [item.key[:7] for item in items] == ["sha256:"] * count


@pytest.mark.parametrize("sample", [SENDGRID, HUBSPOT], ids=["sendgrid", "hubspot"])
@pytest.mark.parametrize("body", [b"[1]", b"1", b'["x"]', b"null", b"[", b"\xff", b""])
def test_a_signed_body_that_is_no_batch_is_refused(sample, body):
    assert (refused(sample, sample.request(body)).part, refused(
        sample, sample.request(body)).status) == ("body", 400)  # fmt: skip


@pytest.mark.parametrize("event", [{"eventId": 7}, {"eventId": "7"}])
def test_hubspot_s_events_without_the_rest_go_by_their_id(event):
    body = json.dumps([event]).encode()
    assert [item.key for item in verified(HUBSPOT, HUBSPOT.request(body)).items] == ["7"]


def test_hubspot_s_older_signatures_are_not_taken():
    request = replace(HUBSPOT.request(), headers={"x-hubspot-signature": ["abc"]})
    assert "no time" in refused(HUBSPOT, request).detail


def form(**changes):
    signature = hmac_of(SECRET.encode(), f"{NOW}tok".encode()).hex()
    fields = {"timestamp": NOW, "token": "tok", "signature": signature, "event": "opened"}
    body = urlencode({**fields, **changes}, doseq=True).encode()
    return with_headers(MAILGUN.request(body), content_type=[f"{FORM}; charset=utf-8"])


def test_mailgun_s_forms_are_read():
    [item] = verified(MAILGUN, form()).items
    assert (item.key, item.type, item.data["event"]) == ("tok", "opened", "opened")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"token": "tok2"}, "signature"),
        ({"timestamp": NOW + 1}, "signature"),
        ({"signature": ""}, "signature"),
        ({"signature": "é"}, "signature"),
        ({"token": ""}, "signature"),
        ({"token": ["tok", "tok"]}, "body"),
    ],
)
def test_a_changed_form_is_not_mailgun_s(changes, part):
    assert refused(MAILGUN, form(**changes)).part == part


@pytest.mark.parametrize(
    "changes",
    [{"timestamp": NOW}, {"signature": 7}, {"signature": "0" * 64},
     {"token": None}, {"timestamp": ""}],
)  # fmt: skip
def test_a_changed_signature_in_json_is_not_mailgun_s(changes):
    assert refused(MAILGUN, MAILGUN.request(mailgun_body(**changes))).part == "signature"


def test_another_token_is_not_what_mailgun_signed():
    body = mailgun_body().replace(b"tok-1", b"tok-2")
    assert refused(MAILGUN, MAILGUN.request(body)).part == "signature"


def test_digits_can_not_wander_from_the_token_to_the_time():
    # Both are signed as one text: moved between them they would still fit.
    moved = mailgun_body(token="77")
    changed = moved.replace(f'"{NOW}"'.encode(), f'"{NOW}7"'.encode()).replace(b'"77"', b'"7"')
    assert refused(MAILGUN, MAILGUN.request(changed)).part == "time"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"signature":[]}', b'{"signature":"x"}', b"\xff"])
def test_a_body_without_a_signature_is_not_mailgun_s(body):
    assert refused(MAILGUN, MAILGUN.request(body)).part in {"signature", "body"}


def test_mailgun_s_event_may_be_missing():
    body = json.dumps({"signature": json.loads(mailgun_body())["signature"]}).encode()
    assert [item.type for item in verified(MAILGUN, MAILGUN.request(body)).items] == [""]


def test_github_s_forms_have_their_json_in_a_field():
    request = with_headers(GITHUB.request(b"payload=%7B%22a%22%3A1%7D"), content_type=[FORM])
    assert [item.data for item in verified(GITHUB, request).items] == [{"a": 1}]
    without = with_headers(GITHUB.request(b"a=1"), content_type=[FORM])
    assert refused(GITHUB, without).part == "body"


@pytest.mark.parametrize(
    "body", [b"a=%ff", b"\xff=1", b"&".join([b"a=1"] * 1001)], ids=["escape", "bytes", "many"]
)
def test_a_form_that_is_none_is_refused(body):
    request = with_headers(SAMPLES["shared-key"].request(body), content_type=[FORM])
    assert refused(SAMPLES["shared-key"], request).part == "body"


def test_what_is_no_json_goes_on_as_text_where_any_body_will_do():
    sample = SAMPLES["shared-key"]
    assert [item.data for item in verified(sample, sample.request(b"hello")).items] == ["hello"]
    assert refused(sample, sample.request(b"\xff")).part == "body"
    fields = with_headers(sample.request(b"a=1&b=2&b=3"), content_type=[FORM])
    assert [item.data for item in verified(sample, fields).items] == [{"a": "1", "b": ["2", "3"]}]
