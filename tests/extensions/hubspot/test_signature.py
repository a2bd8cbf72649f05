"""Signatures of webhooks, version 3, made here by another way than the code that checks them.

The expected value of the first test was made with `printf '<method><url><body><time>' |
openssl dgst -sha256 -hmac s3cret -binary | base64`.
"""

import base64
import hashlib

import pytest

from extensions.hubspot.signature import Received, verify
from extensions.sdk.service_errors import AccessDenied

NOW = 1768471200
STAMP = "1768471200000"
SECRET = "s3cret"
BODY = b'[{"eventId":1}]'
SENT_TO = "https://crm.example/hooks/hubspot?a=b%3ac%20d"
SIGNED_URL = "https://crm.example/hooks/hubspot?a=b:c%20d"
BY_OPENSSL = "K+bdJRd2aq0Zdeu6cVoYOsK+CFYMsAmKWUHRYSe61IA="


def signed(text, secret=SECRET):
    """HMAC by RFC 2104, written out."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in key) + text).digest()
    outer = hashlib.sha256(bytes(one ^ 0x5C for one in key) + inner).digest()
    return base64.b64encode(outer).decode()


def received(**changes):
    given = {
        "method": "POST",
        "url": SENT_TO,
        "body": BODY,
        "signature": BY_OPENSSL,
        "timestamp": STAMP,
    }
    return Received(**{**given, **changes})


def test_what_openssl_signs_is_good():
    assert signed(f"POST{SIGNED_URL}".encode() + BODY + STAMP.encode()) == BY_OPENSSL
    verify(received(), SECRET, NOW)


@pytest.mark.parametrize("escape", list(":/?@!$'()*,;"))
def test_some_escapes_are_signed_as_what_they_stand_for(escape):
    url = f"https://crm.example/x?y=%{ord(escape):02X}&z=%2B%25"
    text = f"POSThttps://crm.example/x?y={escape}&z=%2B%25".encode() + BODY + STAMP.encode()
    verify(received(url=url, signature=signed(text)), SECRET, NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_both_ways_are_near_enough(seconds):
    verify(received(), SECRET, NOW + seconds)


@pytest.mark.parametrize("seconds", [-301, 301, 3600])
def test_what_is_not_of_now_is_refused(seconds):
    with pytest.raises(AccessDenied, match="not of now"):
        verify(received(), SECRET, NOW + seconds)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"url": SENT_TO + "&x=1"},
        {"body": BODY + b" "},
        {"signature": ""},
        {"signature": "ü"},
        {"signature": signed(BODY)},
        {"timestamp": "1768471200001"},
        {"timestamp": ""},
        {"timestamp": "now"},
        {"timestamp": str(NOW)},  # seconds are not what HubSpot sends
    ],
)
def test_what_does_not_fit_is_refused(changes):
    with pytest.raises(AccessDenied):
        verify(received(**changes), SECRET, NOW)


@pytest.mark.parametrize("secret", ["", "other"])
def test_no_secret_fits_nothing(secret):
    with pytest.raises(AccessDenied):
        verify(received(), secret, NOW)


def test_the_older_kinds_are_not_taken():
    older = hashlib.sha256(SECRET.encode() + BODY).hexdigest()
    with pytest.raises(AccessDenied):
        verify(received(signature=older), SECRET, NOW)
