"""What single schemes take and refuse beyond what holds for all of them."""

from base64 import b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from geminicrm.webhooks.incoming.schemes import shared
from geminicrm.webhooks.incoming.schemes.gohighlevel import ED25519_KEY, RSA_KEY
from geminicrm.webhooks.outgoing.signing import new_secret, signed_headers
from tests.support import webhook_keys as keys
from tests.support.webhook_samples import NOW, OTHER, SECRET, hmac_of
from tests.support.webhook_schemes import SAMPLES, refused, verified, with_headers

STRIPE, STANDARD, HMAC = SAMPLES["stripe"], SAMPLES["standard-webhooks"], SAMPLES["hmac"]
HIGHLEVEL, PADDLE, HUBSPOT = SAMPLES["gohighlevel"], SAMPLES["paddle"], SAMPLES["hubspot"]
SENDGRID = SAMPLES["sendgrid"]


def stripe_header(*parts):
    return with_headers(STRIPE.request(), stripe_signature=[",".join(parts)])


V1 = hmac_of(SECRET.encode(), f"{NOW}.".encode() + STRIPE.body).hex()


def test_stripe_s_signature_stands_among_others():
    assert verified(STRIPE, stripe_header(f"t={NOW}", "v0=x", "v1=y", f" v1={V1}", "v2=z")).items


@pytest.mark.parametrize(
    ("parts", "part"),
    [
        ([f"t={NOW}", f"v0={V1}"], "header"),
        ([f"v1={V1}"], "header"),
        ([f"t={NOW}", f"t={NOW}", f"v1={V1}"], "header"),
        ([f"t={NOW + 1}", f"v1={V1}"], "signature"),
        ([f"t={NOW}", f"v1={V1.upper()}"], "signature"),
        ([f"t={NOW}", "v1="], "header"),
        ([f"t={NOW}", *["v1=x"] * 20, f"v1={V1}"], "signature"),
    ],
)
def test_stripe_s_header_must_be_whole(parts, part):
    assert refused(STRIPE, stripe_header(*parts)).part == part


def test_paddle_s_two_signatures_while_a_secret_is_rotated():
    [given] = PADDLE.request().headers["paddle-signature"]
    doubled = with_headers(PADDLE.request(), paddle_signature=[given.replace(";", ";h1=old;")])
    assert verified(PADDLE, doubled).items


@pytest.mark.parametrize("escape", list(":/?@!$'()*,;"))
def test_hubspot_signs_some_escapes_as_what_they_stand_for(escape):
    url = f"https://crm.example/x?y=%{ord(escape):02x}&z=%2B%25"
    text = f"POSThttps://crm.example/x?y={escape}&z=%2B%25".encode() + HUBSPOT.body
    made = b64encode(hmac_of(SECRET.encode(), text + f"{NOW}000".encode())).decode()
    request = with_headers(replace(HUBSPOT.request(), url=url), x_hubspot_signature_v3=[made])
    assert verified(HUBSPOT, request).items


@pytest.mark.parametrize("change", [{"url": "https://evil.example/x"}, {"method": "PUT"}])
def test_hubspot_signs_method_and_address(change):
    assert refused(HUBSPOT, replace(HUBSPOT.request(), **change)).part == "signature"


def test_hubspot_s_time_is_in_milliseconds():
    request = with_headers(HUBSPOT.request(), x_hubspot_request_timestamp=[str(NOW)])
    assert refused(HUBSPOT, request).part == "signature"


def test_what_leaves_this_house_is_good_here():
    secret, old = new_secret(), new_secret()
    made = signed_headers([secret, old], "evt_9", "lead.created", NOW, STANDARD.body)
    request = replace(STANDARD.request(), headers={name.lower(): [v] for name, v in made.items()})
    assert [item.key for item in verified(STANDARD, request, secrets=[secret]).items] == ["evt_9"]
    assert [item.key for item in verified(STANDARD, request, secrets=[old]).items] == ["evt_9"]


def signed_by_key(number=0):
    signature = keys.ed_key(number).sign(f"msg_1.{NOW}.".encode() + STANDARD.body)
    value = "v1a," + b64encode(signature).decode()
    return with_headers(STANDARD.request(), webhook_signature=["v1,eA== " + value])


def test_a_public_key_of_standard_webhooks_verifies_v1a():
    raw = keys.ed_key(0).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    whpk = "whpk_" + b64encode(raw).decode()
    assert verified(STANDARD, signed_by_key(), secrets=[whpk]).items
    assert refused(STANDARD, signed_by_key(1), secrets=[whpk]).part == "signature"
    assert refused(STANDARD, secrets=[whpk]).part == "signature"


@pytest.mark.parametrize("secret", ["whsec_%%%", "whsec_", "whsec_abc", "no base64!"])
def test_a_secret_that_is_no_base64_is_told(secret):
    assert refused(STANDARD, secrets=[secret]).part == "secret"


def test_two_families_of_headers_at_once_are_refused():
    request = with_headers(STANDARD.request(), svix_signature=["v1,eA=="])
    assert refused(STANDARD, request).part == "header"


def test_one_broken_signature_among_good_ones_does_no_harm():
    [good] = STANDARD.request().headers["webhook-signature"]
    request = with_headers(STANDARD.request(), webhook_signature=[f"broken v1, v2,x {good}"])
    assert verified(STANDARD, request).items


def hmac_request(text, algorithm="sha256", *, upper=False, **headers):
    raw = hmac_of(SECRET.encode(), text, algorithm)
    told = raw.hex().upper() if upper else raw.hex()
    return replace(HMAC.request(), headers={"x-sig": [told], **headers})


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("upper", [False, True])
def test_every_algorithm_and_either_case_of_hex(algorithm, upper):
    options = {"header": "X-Sig", "algorithm": algorithm}
    found = verified(HMAC, hmac_request(HMAC.body, algorithm, upper=upper), options=options)
    assert found.items[0].key.startswith("sha256:")


def test_base64_method_and_url_can_be_signed():
    text = f"POST {HMAC.url}\n".encode() + HMAC.body
    signature = b64encode(hmac_of(SECRET.encode(), text)).decode()
    options = {"header": "x-sig", "encoding": "base64", "signed": "{method} {url}\n{body}"}
    request = replace(HMAC.request(), headers={"x-sig": [signature]})
    assert verified(HMAC, request, options=options).items


def test_a_time_in_milliseconds_is_understood():
    options = {"header": "x-sig", "timestamp_header": "x-at", "signed": "{timestamp}.{body}"}
    told = str(NOW * 1000)
    request = hmac_request(told.encode() + b"." + HMAC.body, **{"x-at": [told]})
    assert verified(HMAC, request, options=options).items
    assert refused(HMAC, request, options=options, now=NOW + 301).part == "time"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"header": "x-sig", "algorithm": "md5"},
        {"header": "x-sig", "encoding": "rot13"},
        {"header": "x-sig", "signed": "{timestamp}.{body}"},
        {"header": "x-sig", "timestamp_header": "x-at"},
        {"header": "x-sig", "signed": "{url}"},
    ],
)
def test_options_that_would_leave_something_unsigned_are_refused(options):
    request = hmac_request(HMAC.body, **{"x-at": [str(NOW)]})
    assert refused(HMAC, request, options=options).part == "secret"


def test_two_equal_bodies_at_two_times_are_two_events():
    options = {**HMAC.options, "id_header": ""}
    first = verified(HMAC, options=options).items[0].key
    second = verified(HMAC, HMAC.request(at=NOW + 1), options=options).items[0].key
    assert first != second


def test_highlevel_s_older_signature_still_holds():
    older = {"x-wh-signature": keys.highlevel_before(HIGHLEVEL.request().body, "", NOW).values()}
    request = replace(HIGHLEVEL.request(), headers={name: [*v] for name, v in older.items()})
    assert verified(HIGHLEVEL, request).items
    assert refused(HIGHLEVEL, replace(request, body=b"{}")).part == "signature"


def test_highlevel_s_own_keys_stand_here_and_do_not_fit_those_of_tests():
    assert len(ED25519_KEY) == 60
    assert len(RSA_KEY) == 736
    assert refused(HIGHLEVEL, options={}).part == "signature"
    older = with_headers(HIGHLEVEL.request(), x_ghl_signature=[], x_wh_signature=["eA=="])
    assert refused(HIGHLEVEL, older, options={}).part == "signature"


@pytest.mark.parametrize("stamp", ["", "null", '"2026-01-15T10:00:00"', '"now"', "1768471200"])
def test_highlevel_without_a_time_in_its_body_is_refused(stamp):
    body = b'{"timestamp":' + (stamp or '""').encode() + b"}"
    assert refused(HIGHLEVEL, HIGHLEVEL.request(body)).part == "time"


@pytest.mark.parametrize(
    "key",
    ["x", "eA==", keys.public(keys.ec_key(0)), "-----BEGIN PUBLIC KEY-----"],
    ids=["short", "one-byte", "ecdsa", "pem"],
)
def test_a_key_that_is_none_is_told(key):
    assert refused(HIGHLEVEL, options={"ed25519_key": key}).part == "secret"


@pytest.mark.parametrize(
    "key", ["x", "eA==", keys.public(keys.ed_key(0))], ids=["short", "one-byte", "ed25519"]
)
def test_a_key_of_sendgrid_s_that_is_none_is_told(key):
    assert refused(SENDGRID, secrets=[key]).part == "secret"


@pytest.mark.parametrize("given", ["Bearer x", "Basic", "Basic !!!", "Basic eDp5"])
def test_another_name_and_password_are_refused(given):
    request = with_headers(SAMPLES["basic-auth"].request(), authorization=[given])
    assert refused(SAMPLES["basic-auth"], request).part in {"header", "token"}


def test_gitlab_without_an_idempotency_key_goes_by_bytes_and_event():
    sample = SAMPLES["gitlab"]
    request = with_headers(sample.request(), idempotency_key=[], x_gitlab_event_uuid=["u-1"])
    other = with_headers(request, x_gitlab_event_uuid=["u-2"])
    assert verified(sample, request).items[0].key != verified(sample, other).items[0].key


@pytest.mark.parametrize(
    ("ids", "key"),
    [
        (("evt_1",), "evt_1"),
        ((7, "b"), "7:b"),
        ((0,), "0"),
        ((None,), ""),
        (("",), ""),
        ((True,), ""),
        (("a", None), ""),
        (({"a": 1},), ""),
    ],
)
def test_keys_are_of_ids(ids, key):
    assert shared.key_of(*ids) == key


@pytest.mark.parametrize("odd", ["x" * 201, "a\x00", "é", " a", "a\n", "\ud800"])
def test_a_key_that_no_column_takes_becomes_its_digest(odd):
    assert shared.key_of(odd).startswith("sha256:")
    assert shared.key_of(odd) != shared.key_of(odd + "x")


@pytest.mark.parametrize("odd", [None, 7, "", "x" * 101, "a\x00", ["a"]])
def test_a_type_that_is_no_plain_text_is_none(odd):
    assert shared.type_of(odd) == ""


def test_digests_tell_their_parts_apart():
    assert shared.digest(b"a", b"bc") != shared.digest(b"ab", b"c")


@pytest.mark.parametrize("sample", [STRIPE, HMAC], ids=lambda sample: sample.scheme)
def test_nothing_is_said_of_the_secret(sample):
    assert OTHER not in refused(sample, secrets=[OTHER]).detail
