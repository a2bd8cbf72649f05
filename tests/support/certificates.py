"""A certificate authority of a test, and what it gives to servers on the loopback."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Issued:
    """Key and certificate of a server in one file, and the authority's certificate in another."""

    server: Path
    authority: Path

    def context(self) -> ssl.SSLContext:
        """Give the context of the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def issue(folder: Path) -> Issued:
    """Make an authority and a certificate for 127.0.0.1."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
    authority = _signed(name, name, authority_key, authority_key, authority=True)
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    server = _signed(server_name, name, key, authority_key, authority=False)
    issued = Issued(folder / "server.pem", folder / "authority.pem")
    issued.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    issued.server.write_bytes(private + server.public_bytes(serialization.Encoding.PEM))
    return issued


def _signed(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signing: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    constraints = x509.BasicConstraints(ca=authority, path_length=None)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(loopback, critical=False)
        .add_extension(constraints, critical=True)
        .sign(signing, hashes.SHA256())
    )


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    """Give the certificates of this test process."""
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(issued: Issued, monkeypatch: pytest.MonkeyPatch) -> Issued:
    """Have the machine's roots be those of the test's authority, as an operator adds one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(issued.authority))
    return issued
