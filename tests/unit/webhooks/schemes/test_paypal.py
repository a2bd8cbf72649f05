"""PayPal: whose certificate it is, where it is fetched, and what is signed."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from geminicrm.webhooks.incoming.schemes.paypal import PayPal, public_roots
from tests.support import webhook_keys as keys
from tests.support.webhook_samples import NOW
from tests.support.webhook_schemes import SAMPLES, refused, verified, with_headers

PAYPAL = SAMPLES["paypal"]


def gives(pem):
    return lambda _url: pem


def out_of_reach(url):
    raise LookupError(url)


def must_not_be_asked(url):
    raise AssertionError(url)


def pem_of(key, signing):
    return keys.certificate(keys.PAYPAL_NAME, key, signing).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/cert",
        "https://paypal.com/cert",
        "https://api.paypal.com.evil.example/cert",
        "https://evilpaypal.com/cert",
        "https://evil.example/api.paypal.com/cert",
        "https://api.paypal.com@evil.example/cert",
        "https://user@api.paypal.com/cert",
        "https://api.paypal.com:8443/cert",
        "https://api.paypal.com\\.evil.example/cert",
        "https://api.paypal.com/cert?next=https://evil.example",
        "https://api.paypal.com#@evil.example/cert",
        "https://127.0.0.1/cert",
        "file:///etc/passwd",
        "//api.paypal.com/cert",
    ],
)
def test_only_paypal_s_own_addresses_are_asked(url):
    request = with_headers(PAYPAL.request(), paypal_cert_url=[url])
    assert refused(PAYPAL, request, fetch=must_not_be_asked).part == "url"


@pytest.mark.parametrize(
    "url", ["https://api.sandbox.paypal.com/v1/c", "https://api.paypal.com:443/v1/c"]
)
def test_every_name_under_paypal_s_is_asked(url):
    request = with_headers(PAYPAL.request(), paypal_cert_url=[url])
    assert verified(PAYPAL, request, fetch=gives(keys.chain())).items


def test_an_old_request_costs_no_call():
    assert refused(PAYPAL, now=NOW + 301, fetch=must_not_be_asked).part == "time"


@pytest.mark.parametrize(
    "pem",
    [
        keys.chain(name="messageverificationcerts.paypal.com.evil.example"),
        keys.chain(name="evilpaypal.com"),
        keys.chain(name=keys.PAYPAL_NAME, alt="evil.example"),
        keys.chain(signed_by=1),
        keys.chain(days=-1),
        pem_of(keys.rsa_key(0), keys.rsa_key(0)),
        pem_of(keys.ec_key(0), keys.ec_key(10)),
        b"",
        b"no certificate",
    ],
    ids=["under-another", "like-it", "other-names", "other-authority", "ended", "by-itself",
         "no-rsa", "empty", "none"],
)  # fmt: skip
def test_only_a_certificate_of_paypal_s_name_by_a_known_authority_holds(pem):
    assert refused(PAYPAL, fetch=gives(pem)).part == "certificate"


def test_a_certificate_for_every_name_under_paypal_s_holds():
    assert verified(PAYPAL, fetch=gives(keys.chain(name="*.paypal.com"))).items


def test_public_authorities_do_not_know_that_of_tests():
    with pytest.raises(Exception, match="not PayPal's") as caught:
        PayPal().verify(PAYPAL.request(), PAYPAL.checking())
    assert caught.value.part == "certificate"
    assert len(public_roots()) > 50


@pytest.mark.parametrize("fetch", [None, out_of_reach])
def test_without_a_certificate_nothing_is_believed_and_the_service_comes_again(fetch):
    found = refused(PAYPAL, fetch=fetch)
    assert (found.part, found.status) == ("certificate", 503)


def test_the_webhook_s_id_is_part_of_what_is_signed():
    assert refused(PAYPAL, options={"webhook_id": "WH-2"}).part == "signature"
    assert refused(PAYPAL, options={}).part == "secret"


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("paypal_transmission_id", "tr-2", "signature"),
        ("paypal_transmission_time", "2026-01-15T10:00:01Z", "signature"),
        ("paypal_transmission_time", "2026-01-15T10:00:00", "time"),
        ("paypal_transmission_time", "now", "time"),
        ("paypal_transmission_sig", "eA==", "signature"),
        ("paypal_transmission_sig", "%%%", "header"),
        ("paypal_auth_algo", "SHA1withRSA", "header"),
    ],
)
def test_each_changed_header_is_told(name, value, part):
    assert refused(PAYPAL, with_headers(PAYPAL.request(), **{name: [value]})).part == part
