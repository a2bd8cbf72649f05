"""PayPal's webhooks.

Source: developer.paypal.com, "Verify webhook signature", and paypalrestsdk 1.13.3: base64 of the
RSA signature (PKCS #1 v1.5, SHA-256) of `<transmission id>|<time>|<webhook id>|<CRC-32 of the body,
in decimal>`. The certificate is at PAYPAL-CERT-URL, which whoever sends can choose: only PayPal's
own names are asked, and the chain, the name and the dates of what comes must hold. The option
`webhook_id` is the id that PayPal gave this webhook; it is not in the request.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final
from zlib import crc32

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared
from geminicrm.webhooks.incoming.schemes.fetching import fetched

_SIGNATURE: Final = "paypal-transmission-sig"
_TIME: Final = "paypal-transmission-time"
_ALGORITHM: Final = "SHA256withRSA"
_HOST: Final = r"(?:[a-z0-9-]{1,63}\.){1,5}paypal\.com"
_URL: Final = re.compile(rf"https://{_HOST}(?::443)?/[A-Za-z0-9._~/-]*")
_NAME: Final = re.compile(rf"(?:\*\.)?{_HOST}|\*\.paypal\.com")
_MOST_OF_A_CHAIN: Final = 64 * 1024
_MOST_CERTIFICATES: Final = 10
_ROOT: Final = re.compile(
    rb"# Serial: [1-9].*\n(?:#.*\n)*"
    rb"(-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----)"
)

Roots = Callable[[], Sequence[x509.Certificate]]


@cache  # what never changes while the process runs, and costs 10 ms to read for whoever sends
def public_roots() -> Sequence[x509.Certificate]:
    """Give the authorities that browsers trust, as certifi has them.

    Without those of the serial number zero, which RFC 5280 forbids and cryptography gives up.
    """
    bundle = Path(certifi.where()).read_bytes()
    return [x509.load_pem_x509_certificate(match[1]) for match in _ROOT.finditer(bundle)]


class PayPal(Scheme):
    """`PAYPAL-TRANSMISSION-SIG` over `-ID`, `-TIME`, the webhook's id and the body's CRC-32.

    `roots` gives the authorities that a chain must end at.
    """

    name = "paypal"
    label = "PayPal"
    needs_secret = False

    def __init__(self, roots: Roots = public_roots) -> None:
        self._roots = roots

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by its id."""
        webhook_id = shared.option(checking, "webhook_id")
        identity = shared.header(request, "paypal-transmission-id")
        told = shared.header(request, _TIME)
        given = shared.from_base64(shared.header(request, _SIGNATURE), _SIGNATURE)
        url = shared.header(request, "paypal-cert-url")
        if shared.header(request, "paypal-auth-algo") != _ALGORITHM:
            raise Rejected("header", f"The algorithm is not {_ALGORITHM}.")
        if not _URL.fullmatch(url):
            raise Rejected("url", "The certificate's address is not https and of paypal.com.")
        # Before anything is fetched: an old request must not cost a call.
        shared.must_be_now(shared.iso_time(told, _TIME), checking.now)
        key = self._key(fetched(checking, url), checking.now)
        signed = f"{identity}|{told}|{webhook_id}|{crc32(request.body)}"
        _must_fit(key, given, shared.as_bytes(signed))
        event = shared.json_object(request.body)
        item = Item(
            key=shared.key_of(event.get("id")) or shared.digest(request.body, identity.encode()),
            type=shared.type_of(event.get("event_type")),
            data=event,
        )
        return Verified(items=[item])

    def _key(self, pem: bytes, now: float) -> RSAPublicKey:
        try:
            leaf, *others = x509.load_pem_x509_certificates(pem[:_MOST_OF_A_CHAIN])
            name = _name(leaf)
            key = leaf.public_key()
            verifier = (
                PolicyBuilder()
                .store(Store(list(self._roots())))
                .time(datetime.fromtimestamp(now, UTC))
                .build_server_verifier(x509.DNSName(name))
            )
            verifier.verify(leaf, others[:_MOST_CERTIFICATES])
        except (ValueError, VerificationError, UnsupportedAlgorithm) as bad:
            raise Rejected("certificate", "The certificate is not PayPal's, or has ended.") from bad
        if not isinstance(key, RSAPublicKey):
            raise Rejected("certificate", "The certificate has no RSA key.")
        return key


def _name(leaf: x509.Certificate) -> str:
    """Give a name that the certificate must be good for; Rejected where it is none of PayPal's."""
    names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    name = str(names[0].value).lower() if len(names) == 1 else ""
    if not _NAME.fullmatch(name):
        raise Rejected("certificate", "The certificate is not of a name under paypal.com.")
    return name.replace("*", "www")


def _must_fit(key: RSAPublicKey, signature: bytes, signed: bytes) -> None:
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature as bad:
        raise Rejected(
            "signature", "The signature does not fit: the body or the webhook's id is another."
        ) from bad
