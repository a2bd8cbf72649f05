"""What the signature checker says: which part is wrong, and the mistake that was made."""

import json
from base64 import b64encode
from dataclasses import replace

import pytest

from geminicrm.webhooks.incoming.explaining import explain, explain_outgoing
from geminicrm.webhooks.incoming.scheme import Request
from geminicrm.webhooks.outgoing.signing import new_secret, signed_headers
from tests.support.webhook_samples import NOW, OTHER, SECRET, WHSEC, hmac_of
from tests.support.webhook_schemes import SAMPLES, TRUSTING, with_headers, without

ALL = list(SAMPLES.values())
TIMED = [sample for sample in ALL if sample.timed]
STRIPE, GITHUB, TWILIO = SAMPLES["stripe"], SAMPLES["github"], SAMPLES["twilio"]
STANDARD, SHOPIFY, HUBSPOT = SAMPLES["standard-webhooks"], SAMPLES["shopify"], SAMPLES["hubspot"]


def told(sample, request=None, **changes):
    checking = replace(sample.checking(), **changes)
    return explain(TRUSTING[sample.scheme], request or sample.request(), checking)


def sides(found):
    return {part.name: part.right for part in found.parts}


def wrong(found):
    return [part.name for part in found.parts if part.right is False]


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.scheme)
def test_of_a_good_request_all_is_right(sample):
    found = told(sample)
    assert (found.believed, set(sides(found).values()), found.mistake) == (True, {True}, "")


@pytest.mark.parametrize("sample", TIMED, ids=lambda sample: sample.scheme)
def test_an_old_request_is_wrong_in_its_time_alone(sample):
    found = told(sample, now=NOW + 7200)
    assert sides(found) == {
        "secret": True, "header": True, "time": False, "signature": True, "body": True,
    }  # fmt: skip
    assert "7200 s before now" in "".join(part.sentence for part in found.parts)
    assert "held up" in found.mistake


def test_a_request_from_the_future_is_a_matter_of_clocks():
    assert "The clock" in told(STRIPE, now=NOW - 7200).mistake


def test_an_old_request_with_another_signature_is_wrong_in_its_signature():
    found = told(STRIPE, secrets=[OTHER], now=NOW + 7200)
    assert (wrong(found), found.mistake) == (["signature"], "")


def test_without_a_secret_no_more_can_be_told():
    found = told(STRIPE, secrets=[])
    assert sides(found) == {
        "secret": False, "header": None, "time": None, "signature": None, "body": None,
    }  # fmt: skip


def test_a_missing_header_is_named():
    found = told(STRIPE, without(STRIPE.request(), "stripe-signature"))
    assert wrong(found) == ["header"]
    assert "stripe-signature is missing" in found.parts[1].sentence


@pytest.mark.parametrize(
    ("scheme", "part"),
    [("gitlab", "signature"), ("shared-key", "signature"), ("stripe", "signature")],
)
def test_another_secret_shows_in_the_signature(scheme, part):
    found = told(SAMPLES[scheme], secrets=[OTHER])
    assert (wrong(found), found.mistake) == ([part], "")


def test_a_signed_body_that_is_no_json_is_told():
    found = told(GITHUB, GITHUB.request(b"Hello, World!"))
    assert (wrong(found), sides(found)["signature"]) == (["body"], True)


def test_where_the_signature_stands_in_the_body_nothing_is_said_of_it():
    found = told(SAMPLES["mailgun"], SAMPLES["mailgun"].request(b"Hello, World!"))
    assert (wrong(found), sides(found)["signature"], found.mistake) == (["body"], None, "")


BODIES = {
    "line-end-added": (b'{"a": 1}', b'{"a": 1}\n', "without the line end"),
    "line-end-lost": (b'{"a": 1}\n', b'{"a": 1}', "line end behind it"),
    "crlf-lost": (b'{"a": 1}\r\n', b'{"a": 1}', "line end behind it"),
    "crlf-made-lf": (b'{\r\n"a": 1\r\n}', b'{\n"a": 1\n}', "other line ends"),
    "lf-made-crlf": (b'{\n"a": 1\n}', b'{\r\n"a": 1\r\n}', "other line ends"),
    "spaces-around": (b"{}", b"  {} ", "spaces around"),
    "mark": (b"{}", b"\xef\xbb\xbf{}", "byte order mark"),
    "compact": (b'{"b":1,"a":[1,2]}', b'{"b": 1, "a": [1, 2]}', "JSON without spaces"),
    "spaced": (b'{"b": 1, "a": 2}', b'{"b":1,"a":2}', "space behind each"),
    "sorted": (b'{"a":2,"b":1}', b'{"b":1,"a":2}', "written anew"),
    "indented": (b'{\n  "a": 1\n}', b'{"a":1}', "indented by two"),
    "escaped": (b'{"a":"\\u00e9"}', '{"a":"é"}'.encode(), "written anew"),
    "unescaped": ('{"a":"é"}'.encode(), b'{"a":"\\u00e9"}', "written anew"),
    "latin-1": ('{"a" : "é"}'.encode("latin-1"), '{"a" : "é"}'.encode(), "Latin-1"),
    "before-the-body": (b"", b'{"a":1}', "empty body"),
}


@pytest.mark.parametrize("sample", [STRIPE, GITHUB, SHOPIFY], ids=lambda sample: sample.scheme)
@pytest.mark.parametrize(("signed", "came", "words"), BODIES.values(), ids=BODIES)
def test_what_happened_to_the_body_is_named(sample, signed, came, words):
    found = told(sample, replace(sample.request(signed), body=came))
    assert wrong(found) == ["signature"]
    assert words in found.mistake


@pytest.mark.parametrize("now", [NOW, NOW + 86_400], ids=["now", "a-day-later"])
def test_a_mistake_is_found_in_an_old_request_too(now):
    request = replace(STRIPE.request(), body=STRIPE.body + b"\n")
    assert "without the line end" in told(STRIPE, request, now=now).mistake


SECRETS = [
    ("stripe", "abc", "abc\n", "spaces or line ends"),
    ("stripe", "abc", "whsec_abc", "without whsec_"),
    ("stripe", "whsec_abc", "abc", "with whsec_ in front"),
    ("standard-webhooks", "whsec_" + b64encode(WHSEC.encode()).decode(), WHSEC, "and all"),
    ("standard-webhooks", "whsec_" + b64encode(WHSEC[6:].encode()).decode(), WHSEC, "as it is"),
    ("standard-webhooks", WHSEC, f" {WHSEC}\n", "spaces or line ends"),
]


@pytest.mark.parametrize(("scheme", "used", "filled_in", "words"), SECRETS)
def test_what_was_done_to_the_secret_is_named(scheme, used, filled_in, words):
    sample = SAMPLES[scheme]
    found = told(sample, sample.request(secret=used), secrets=[filled_in])
    assert words in found.mistake


ADDRESSES = [
    ("http://crm.example/hooks/in/abc?a=b", "https://"),
    ("https://crm.example/hooks/in/abc/?a=b", "slash"),
]


@pytest.mark.parametrize("sample", [TWILIO, HUBSPOT], ids=lambda sample: sample.scheme)
@pytest.mark.parametrize(("url", "words"), ADDRESSES)
def test_another_address_is_named(sample, url, words):
    assert words in told(sample, replace(sample.request(), url=url)).mistake


def test_a_port_in_the_address_is_named():
    request = replace(HUBSPOT.request(), url="https://crm.example:8443/hooks/in/abc?a=b")
    assert "without its port" in told(HUBSPOT, request).mistake


RAW = hmac_of(SECRET.encode(), GITHUB.body)
HEADERS = [
    ("github", f"sha256={RAW.hex().upper()}", "small letters"),
    ("github", f'"sha256={RAW.hex()}"', "quotation marks"),
    ("github", RAW.hex(), "sha256= in front"),
    ("github", f"sha256={b64encode(RAW).decode()}", "in hex"),
    ("shopify", RAW.hex(), "as base64"),
    ("shopify", f"sha256={b64encode(RAW).decode()}", "without what stands in front"),
]


@pytest.mark.parametrize(("scheme", "value", "words"), HEADERS)
def test_another_writing_of_the_signature_is_named(scheme, value, words):
    sample = SAMPLES[scheme]
    request = with_headers(sample.request(), **{sample.vital[0]: [value]})
    assert words in told(sample, request).mistake


@pytest.mark.parametrize(
    ("old", "new", "words"), [("+", " ", "for each space"), ("/", "_", "ordinary base64")]
)
def test_base64_that_was_read_as_something_else_is_named(old, new, words):
    body = json.dumps({"n": 28}).encode()
    value = b64encode(hmac_of(SECRET.encode(), body)).decode()
    assert old in value
    spoilt = value.replace(old, new)
    found = told(SHOPIFY, with_headers(SHOPIFY.request(body), x_shopify_hmac_sha256=[spoilt]))
    assert words in found.mistake


def outgoing(secret, body=b'{"id":"evt_1"}'):
    made = signed_headers([secret], "evt_1", "lead.created", NOW, body)
    headers = {name.lower(): [value] for name, value in made.items()}
    return Request(method="POST", url="https://far.example/", headers=headers, body=body)


def test_what_leaves_this_house_is_explained_by_both_its_signatures():
    secret = new_secret()
    found = explain_outgoing(outgoing(secret), [secret], NOW)
    assert {name: one.believed for name, one in found.items()} == {
        "webhook-signature": True, "X-Webhook-Signature": True,
    }  # fmt: skip


def test_a_receiver_that_writes_the_body_anew_is_told():
    secret = new_secret()
    request = replace(outgoing(secret), body=b'{"id": "evt_1"}')
    found = explain_outgoing(request, [secret], NOW + 86_400)
    assert ["written anew" in one.mistake for one in found.values()] == [True, True]


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.scheme)
def test_no_sentence_says_a_secret(sample):
    secrets = [f"  {sample.other}  ", sample.other]
    found = told(sample, replace(sample.request(), body=b"{}"), secrets=secrets)
    said = found.mistake + "".join(part.sentence for part in found.parts)
    assert sample.other not in said


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.scheme)
def test_what_nobody_can_read_is_explained_too(sample):
    headers = {"x-signature": ["1234567890"] * 2, **STRIPE.request().headers}
    body = b"\xff2026-02-30T00:00:00Z 2026-01-15T10:00:00Z"
    request = Request(method="", url="http://[", headers=headers, body=body)
    assert not told(sample, request).believed


def test_a_day_that_there_is_not_is_no_time_of_a_request():
    sample = SAMPLES["gohighlevel"]
    request = sample.request(b'{"timestamp":"2026-02-30T00:00:00Z"}')
    assert wrong(told(sample, request)) == ["time"]
