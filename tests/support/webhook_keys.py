"""Keys, certificates and tokens of services that sign with public keys; made once in a process."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zlib import crc32

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization, RSAKey

from tests.support.webhook_samples import NOW, Headers

CERTIFICATE_URL = "https://api.paypal.com/v1/notifications/certs/CERT-1"
PAYPAL_NAME = "messageverificationcerts.paypal.com"
WEBHOOK_ID = "WH-1"


@cache
def ec_key(number: int) -> ec.EllipticCurvePrivateKey:
    """Give one of several keys of a kind."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key(number: int) -> ed25519.Ed25519PrivateKey:
    """Give one of several keys of a kind."""
    return ed25519.Ed25519PrivateKey.generate()


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """Give one of several keys of a kind."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key: Any) -> str:
    """Give the public half as services show it: base64 of DER."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def sendgrid(body: bytes, secret: str, at: float) -> Headers:
    """Sign as SendGrid does; `secret` is one of the public keys here."""
    by_public = {public(ec_key(0)): ec_key(0), public(ec_key(1)): ec_key(1)}
    signature = by_public[secret].sign(str(at).encode() + body, ec.ECDSA(SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": str(at),
    }


def highlevel(body: bytes, secret: str, at: float) -> Headers:
    """Sign as HighLevel does now."""
    return {"X-GHL-Signature": b64encode(ed_key(0).sign(body)).decode()}


def highlevel_before(body: bytes, secret: str, at: float) -> Headers:
    """Sign as HighLevel did."""
    signature = rsa_key(0).sign(body, padding.PKCS1v15(), SHA256())
    return {"X-WH-Signature": b64encode(signature).decode()}


def paypal(body: bytes, secret: str, at: float) -> Headers:
    """Sign as PayPal does; `secret` is the id of the webhook."""
    told = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    text = f"tr-1|{told}|{secret}|{crc32(body) & 0xFFFFFFFF}"
    signature = rsa_key(0).sign(text.encode(), padding.PKCS1v15(), SHA256())
    return {
        "PAYPAL-TRANSMISSION-ID": "tr-1",
        "PAYPAL-TRANSMISSION-TIME": told,
        "PAYPAL-TRANSMISSION-SIG": b64encode(signature).decode(),
        "PAYPAL-CERT-URL": CERTIFICATE_URL,
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    }


@cache
def authority(number: int = 0) -> x509.Certificate:
    """Give the certificate of an authority of tests."""
    return certificate("Authority of tests", ec_key(10 + number), ec_key(10 + number), ca=True)


@cache
def chain(name: str = PAYPAL_NAME, days: int = 2, signed_by: int = 0, alt: str = "") -> bytes:
    """Give a server's certificate for a name, with the key that `paypal` signs with."""
    leaf = certificate(name, rsa_key(0), ec_key(10 + signed_by), days=days, alt=alt or name)
    return leaf.public_bytes(Encoding.PEM)


def certificate(
    name: str,
    key: Any,
    signing: CertificateIssuerPrivateKeyTypes,
    *,
    ca: bool = False,
    days: int = 2,
    alt: str = "",
) -> x509.Certificate:
    """Make a certificate that holds a day before NOW and `days` after it."""
    now = datetime.fromtimestamp(NOW, UTC)
    issuer = "Authority of tests"
    usage = x509.KeyUsage(
        digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(key_id, critical=False)
    )
    names = x509.SubjectAlternativeName([x509.DNSName(alt or name.replace(" ", "-").lower())])
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    if not ca:
        builder = builder.add_extension(names, critical=False).add_extension(server, critical=False)
    return builder.sign(signing, SHA256())


@cache
def token_key(number: int = 0) -> RSAKey:
    """Give the key of an issuer of tokens."""
    return RSAKey.import_key(rsa_key(number), {"kid": f"k{number}", "alg": "RS256"})


def key_set(*numbers: int) -> KeySetSerialization:
    """Give the public keys as an issuer publishes them."""
    return KeySet([token_key(number) for number in numbers]).as_dict(private=False)


def token(claims: dict[str, Any], number: int = 0) -> str:
    """Sign claims with the key of an issuer."""
    header = {"alg": "RS256", "kid": f"k{number}"}
    return jwt.encode(header, claims, token_key(number), algorithms=["RS256"])


def google_claims(**changes: Any) -> dict[str, Any]:
    """Give what Pub/Sub's token says."""
    return {
        "iss": "https://accounts.google.com",
        "aud": "https://crm.example/hooks",
        "email": "push@project.example",
        "email_verified": True,
        "iat": NOW - 60,
        "exp": NOW + 3540,
        **changes,
    }


def pubsub(body: bytes, secret: str, at: float) -> Headers:
    """Send the token of a service account; `secret` is its address."""
    claims = google_claims(email=secret, iat=at - 60, exp=at + 300)
    return {"Authorization": "Bearer " + token(claims)}
