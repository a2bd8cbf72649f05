"""Connections to the servers of an account, with failures in words for people."""

import contextlib
import socket
from collections.abc import Iterator

from extensions.sdk.errors import HttpFailed, HttpNotAllowed
from extensions.sdk.service_errors import ServiceRefused, ServiceUnavailable
from extensions.sdk.sockets import SocketsDoor

from .account import Server


@contextlib.contextmanager
def opened(sockets: SocketsDoor, server: Server, seconds: float) -> Iterator[socket.socket]:
    """Give a connection that lasts `seconds` at most; encrypted where TLS comes first.

    Raises ServiceUnavailable, ServiceRefused.
    """
    with (
        named(),
        sockets.connect(
            server.host, server.port, seconds=seconds, encrypted=server.is_encrypted
        ) as sock,
    ):
        yield sock


@contextlib.contextmanager
def named() -> Iterator[None]:
    """Turn errors of the door into those of services; nothing was sent."""
    try:
        yield
    except HttpNotAllowed as error:
        raise ServiceRefused(
            f"The CRM may not connect to {error.host}.",
            mend="Give a public mail server, or ask the operator to list it in "
            "GEMINICRM_EGRESS_ALLOW.",
        ) from error
    except HttpFailed as error:
        raise ServiceUnavailable(
            str(error), mend="Check server, port and encryption on the connection's page."
        ) from error
