"""Twilio: the address with and without its port, forms, JSON by its hash, keys."""

import hashlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from geminicrm.webhooks.incoming.scheme import Request
from tests.support.webhook_samples import FORM, SECRET, b64encode, hmac_of
from tests.support.webhook_schemes import SAMPLES, refused, verified, with_headers

TWILIO = SAMPLES["twilio"]
JSON = b'[{"id":"EZ1","type":"sent"},{"type":"sent","n":1}]'


def signed(url, tail="", algorithm="sha1"):
    return b64encode(hmac_of(SECRET.encode(), (url + tail).encode(), algorithm)).decode()


def sent(url, signature, body=b"", kind="application/json", **headers):
    given = {"x-twilio-signature": [signature], "content-type": [kind], **headers}
    return Request(method="POST", url=url, headers=given, body=body)


def with_hash(body):
    return "https://crm.example/x?bodySHA256=" + hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(
    ("received", "made_for"),
    [
        ("https://crm.example/x", "https://crm.example/x"),
        ("https://crm.example/x", "https://crm.example:443/x"),
        ("http://crm.example/x?a=1", "http://crm.example:80/x?a=1"),
        ("https://crm.example:8443/x", "https://crm.example/x"),
        ("https://crm.example:8443", "https://crm.example"),
    ],
)
def test_the_address_is_tried_with_and_without_its_port(received, made_for):
    request = sent(received, signed(made_for, "CallSidCA1"), b"CallSid=CA1", FORM)
    assert verified(TWILIO, request).items


@pytest.mark.parametrize(
    "made_for",
    ["http://crm.example/x", "https://crm.example/y", "https://crm.example:8443/x",
     "https://evil.example/x"],
)  # fmt: skip
def test_another_address_does_not_fit(made_for):
    request = sent("https://crm.example/x", signed(made_for, "CallSidCA1"), b"CallSid=CA1", FORM)
    assert (refused(TWILIO, request).part, refused(TWILIO, request).status) == ("signature", 403)


def test_equal_values_count_once_and_empty_ones_count():
    body = b"B=2&B=1&B=2&A=&MessageSid=SM1"
    request = sent("https://a.example/", signed("https://a.example/", "AB1B2MessageSidSM1"), body,
                   FORM)  # fmt: skip
    [item] = verified(TWILIO, request).items
    assert item.data == {"A": "", "B": ["2", "1", "2"], "MessageSid": "SM1"}
    assert item.type == "message"


def test_json_is_held_by_its_hash_in_the_address():
    url = with_hash(JSON)
    items = verified(TWILIO, sent(url, signed(url), JSON)).items
    assert [item.type for item in items] == ["sent", "sent"]
    assert items[0].key == "EZ1"
    assert items[1].key.startswith("sha256:")


@pytest.mark.parametrize("body", [JSON + b" ", b"", b"[]"])
def test_another_json_than_the_hashed_is_refused(body):
    url = with_hash(JSON)
    found = refused(TWILIO, sent(url, signed(url), body))
    assert (found.part, found.status) == ("body", 403)


def test_json_without_a_hash_in_the_address_is_refused():
    url = "https://crm.example/x"
    assert refused(TWILIO, sent(url, signed(url), JSON)).part == "body"


def test_a_form_can_not_be_passed_off_as_json():
    request = with_headers(TWILIO.request(), content_type=["application/json"])
    assert refused(TWILIO, request).part == "signature"


def test_a_request_by_get_has_its_fields_in_the_address():
    url = "https://crm.example/x?MessageSid=SM1&SmsStatus=received"
    request = replace(sent(url, signed(url)), method="GET")
    [item] = verified(TWILIO, request).items
    assert (item.key, item.type) == ("SM1:received", "message.received")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_the_settings_name_the_algorithm(algorithm):
    url = "https://crm.example/x"
    settings = {
        "x-twilio-webhooks-signature-settings": [f"key=k,algorithm=HMAC_{algorithm.upper()}"]
    }
    request = sent(url, signed(url, "CallSidC", algorithm), b"CallSid=C", FORM, **settings)
    assert verified(TWILIO, request).items


@pytest.mark.parametrize("settings", ["algorithm=MD5", "algorithm=HMAC_SHA1,algorithm=HMAC_SHA256"])
def test_an_algorithm_that_is_not_known_is_refused(settings):
    changes = {"x-twilio-webhooks-signature-settings": [settings]}
    assert refused(TWILIO, with_headers(TWILIO.request(), **changes)).part == "header"


def keys_of(*forms):
    found = []
    for fields in forms:
        body = urlencode(fields).encode()
        found += [item.key for item in verified(TWILIO, TWILIO.request(body)).items]
    return found


def test_each_status_of_a_message_is_an_event_of_its_own():
    first, second, again = keys_of(
        {"MessageSid": "SM1", "MessageStatus": "sent"},
        {"MessageSid": "SM1", "MessageStatus": "delivered"},
        {"MessageSid": "SM1", "MessageStatus": "sent"},
    )
    assert first == again == "SM1:sent"
    assert second == "SM1:delivered"


def test_what_a_call_says_twice_in_one_status_is_two_events():
    call = {"CallSid": "CA1", "CallStatus": "in-progress"}
    typed, said, again = keys_of({**call, "Digits": "1"}, {**call, "Digits": "2"},
                                 {**call, "Digits": "1"})  # fmt: skip
    assert typed == again
    assert typed != said


def test_what_has_no_id_goes_by_the_idempotency_token():
    request = with_headers(TWILIO.request(b"A=1"), i_twilio_idempotency_token=["t-1"])
    assert [item.key for item in verified(TWILIO, request).items] == ["t-1"]
    assert verified(TWILIO, TWILIO.request(b"A=1")).items[0].key.startswith("sha256:")


def test_an_address_that_can_not_be_read_is_told():
    url = "https://["
    assert refused(TWILIO, sent(url, signed(url))).part == "url"
