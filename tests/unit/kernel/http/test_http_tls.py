import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from geminicrm.kernel.http import (
    ConnectFailed,
    HttpClient,
    HttpRequest,
    HttpTimeout,
    TlsFailed,
    client,
)
from tests.support.loopback import Handler, Server, read_request

Serve = Callable[[Handler], Server]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NAME = "crm.example"


def make_certificate(folder: Path, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    end = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=30))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serve_tls(serve: Serve) -> Callable[[Path], Server]:
    def start(pem: Path) -> Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)

        def handler(conn: socket.socket) -> None:
            with context.wrap_socket(conn, server_side=True) as tls:
                server.received.append(read_request(tls))
                tls.sendall(OK)

        server = serve(handler)
        return server

    return start


def trusting(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(pem)
    return context


def make_client(tls: ssl.SSLContext | None = None) -> HttpClient:
    return HttpClient(["127.0.0.0/8"], resolver=lambda _host, _port: ["127.0.0.1"], tls=tls)


def test_the_certificate_is_checked_by_name(
    serve_tls: Callable[[Path], Server], tmp_path: Path
) -> None:
    pem = make_certificate(tmp_path, days=10)
    server = serve_tls(pem)
    client = make_client(trusting(pem))
    response = client.request(HttpRequest("GET", f"https://{NAME}:{server.port}/"))
    assert response.body == b"ok"
    assert f"Host: {NAME}:{server.port}\r\n".encode() in server.received[0]


def test_another_name_is_refused(serve_tls: Callable[[Path], Server], tmp_path: Path) -> None:
    pem = make_certificate(tmp_path, days=10)
    server = serve_tls(pem)
    with pytest.raises(TlsFailed, match="does not hold") as caught:
        make_client(trusting(pem)).request(
            HttpRequest("GET", f"https://other.example:{server.port}/")
        )
    assert (caught.value.code, caught.value.sent) == ("tls", False)
    assert server.received == []


def test_a_self_signed_certificate_is_refused(
    serve_tls: Callable[[Path], Server], tmp_path: Path
) -> None:
    server = serve_tls(make_certificate(tmp_path, days=10))
    with pytest.raises(TlsFailed, match="self-signed"):
        make_client().request(HttpRequest("GET", f"https://{NAME}:{server.port}/"))
    assert server.received == []


def test_an_expired_certificate_is_refused(
    serve_tls: Callable[[Path], Server], tmp_path: Path
) -> None:
    pem = make_certificate(tmp_path, days=-1)
    server = serve_tls(pem)
    with pytest.raises(TlsFailed, match="expired"):
        make_client(trusting(pem)).request(HttpRequest("GET", f"https://{NAME}:{server.port}/"))


def test_a_port_that_speaks_plain_http_fails_as_tls(serve: Serve) -> None:
    server = serve(lambda conn: conn.sendall(OK))
    with pytest.raises(TlsFailed, match="No TLS connection"):
        make_client().request(HttpRequest("GET", f"https://{NAME}:{server.port}/"))


def test_a_handshake_that_never_ends_times_out(serve: Serve) -> None:
    def read_for_ever(conn: socket.socket) -> None:
        while conn.recv(65_536):
            pass

    server = serve(read_for_ever)
    with pytest.raises(HttpTimeout) as caught:
        make_client().request(
            HttpRequest("GET", f"https://{NAME}:{server.port}/", deadline_seconds=0.2)
        )
    assert (caught.value.stage, caught.value.sent) == ("tls", False)


def test_a_handshake_that_is_reset_is_a_failed_connection(serve: Serve) -> None:
    def reset(conn: socket.socket) -> None:
        # A linger time of 0 turns the close into a reset.
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        conn.recv(1)

    server = serve(reset)
    with pytest.raises(ConnectFailed, match="broke off") as caught:
        make_client().request(HttpRequest("GET", f"https://{NAME}:{server.port}/"))
    assert caught.value.sent is False


def test_no_key_log_is_written(
    serve_tls: Callable[[Path], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    server = serve_tls(make_certificate(tmp_path, days=10))
    with pytest.raises(TlsFailed):
        make_client().request(HttpRequest("GET", f"https://{NAME}:{server.port}/"))
    assert not log.exists()


def test_roots_are_read_once_and_for_https_alone(
    serve: Serve,
    serve_tls: Callable[[Path], Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pem, read = make_certificate(tmp_path, days=10), []
    monkeypatch.setattr(client, "tls_context", lambda: read.append(pem) or trusting(pem))
    made, secure = make_client(), serve_tls(pem)
    plain = serve(lambda conn: (read_request(conn), conn.sendall(OK)))
    assert made.request(HttpRequest("GET", f"http://{NAME}:{plain.port}/")).body == b"ok"
    assert read == []
    for _ in range(2):
        assert made.request(HttpRequest("GET", f"https://{NAME}:{secure.port}/")).body == b"ok"
    assert read == [pem]
