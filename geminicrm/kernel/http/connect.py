"""Opening the connection: to the checked addresses only, with verified TLS, within the deadline."""

import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_address

import certifi

from geminicrm.kernel.http.errors import ConnectFailed, HttpTimeout, TlsFailed
from geminicrm.kernel.http.guard import Target
from geminicrm.kernel.http.wire import Deadline

CONNECT_SECONDS = 5.0


def tls_context() -> ssl.SSLContext:
    """Give the context of a client: TLS 1.2 up, names checked, the machine's and Mozilla's roots.

    Not `ssl.create_default_context`, which writes session keys to SSLKEYLOGFILE.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    context.load_verify_locations(certifi.where())
    return context


def connect(target: Target, deadline: Deadline, tls: Callable[[], ssl.SSLContext]) -> socket.socket:
    """Give a connected socket, encrypted for https; `tls` is called for that alone.

    ConnectFailed, TlsFailed or HttpTimeout, all with `sent` False.
    """
    sock = _connect(target, deadline)
    if target.scheme != "https":
        return sock
    try:
        return encrypt(sock, target, deadline, tls())
    except BaseException:
        sock.close()
        raise


def _connect(target: Target, deadline: Deadline) -> socket.socket:
    started = deadline.elapsed()
    last: OSError | None = None
    for waiting, address in zip(range(len(target.addresses), 0, -1), target.addresses, strict=True):
        try:
            budget = CONNECT_SECONDS - (deadline.elapsed() - started)
            # A share for each address, so that a dead first one leaves time for the next.
            return _open(address, target.port, min(deadline.remaining(), budget / waiting))
        except OSError as error:
            last = error
    if isinstance(last, TimeoutError):
        raise HttpTimeout(
            f"{target.origin} did not accept a connection in time (at most {CONNECT_SECONDS:.0f} "
            "s). Check that the service runs and that no firewall drops the packets.",
            where=target.origin,
            stage="connect",
            sent=False,
        ) from last
    raise ConnectFailed(
        f"{target.origin} accepts no connection ({last}). Check host and port, and that the "
        "service runs.",
        where=target.origin,
        sent=False,
    ) from last


def _open(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004 -- IP version 6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(max(seconds, 0.001))
        sock.connect((address, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def encrypt(
    sock: socket.socket, target: Target, deadline: Deadline, tls: ssl.SSLContext
) -> ssl.SSLSocket:
    """Begin TLS on a connection. Raises ConnectFailed, TlsFailed or HttpTimeout."""
    try:
        sock.settimeout(deadline.remaining())
        return tls.wrap_socket(sock, server_hostname=target.host)
    except TimeoutError as error:
        raise HttpTimeout(
            f"{target.origin} did not finish the TLS handshake within {deadline.seconds:g} s. "
            "Check that the port speaks TLS.",
            where=target.origin,
            stage="tls",
            sent=False,
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise TlsFailed(
            f"The certificate of {target.origin} does not hold: {error.verify_message}. Renew it "
            "or install its issuer on this machine; verification is never switched off.",
            where=target.origin,
            sent=False,
        ) from error
    except ssl.SSLError as error:
        raise TlsFailed(
            f"No TLS connection with {target.origin} ({error.reason or error}). Check that the "
            "port speaks TLS 1.2 or newer.",
            where=target.origin,
            sent=False,
        ) from error
    except OSError as error:
        raise ConnectFailed(
            f"{target.origin} broke off the TLS handshake ({error}). Check that the port speaks "
            "TLS.",
            where=target.origin,
            sent=False,
        ) from error
