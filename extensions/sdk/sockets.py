"""The door for connections that are no HTTP: for extensions that come with the CRM."""

import socket
import ssl
from contextlib import AbstractContextManager
from typing import Protocol


class SocketsDoor(Protocol):
    """Connections to the servers that the manifest names under `network`.

    For extensions that come with the CRM and say `"sockets": true` in their manifest: code in a
    host has no way to open one.
    """

    def connect(
        self, host: str, port: int, *, seconds: float = 30.0, encrypted: bool = False
    ) -> AbstractContextManager[socket.socket]:
        """Give a connection, to be used in a `with` statement; `encrypted` begins with TLS.

        `seconds` is how long it may last as a whole, the end of the call at the latest: then every
        read and write fails. Raises `HttpNotAllowed` for other hosts and private addresses,
        `HttpFailed` where no connection came.
        """

    def encrypt(self, sock: socket.socket, host: str, *, seconds: float = 10.0) -> ssl.SSLSocket:
        """Begin TLS on a connection (STARTTLS); the certificate is always checked.

        The connection is read and written by what comes back. Raises `HttpFailed`.
        """
