"""The extension smtp-email outside of a core: its doors lead to the loopback."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from extensions.sdk.capabilities.calling import perform, result_of, sent
from extensions.sdk.errors import HttpFailed
from extensions.smtp_email.extension import SmtpEmail


class LoopbackSockets:
    """Implements the SDK's SocketsDoor without a guard, trusting one authority."""

    def __init__(self, authority: Path) -> None:
        self._tls = ssl.create_default_context(cafile=authority)
        self.opened = 0

    @contextlib.contextmanager
    def connect(
        self, host: str, port: int, *, seconds: float = 30.0, encrypted: bool = False
    ) -> Iterator[socket.socket]:
        """Open a connection."""
        self.opened += 1
        try:
            sock = socket.create_connection((host, port), seconds)
        except OSError as error:
            raise HttpFailed(str(error), sent=False) from error
        with contextlib.closing(sock):
            used = self.encrypt(sock, host) if encrypted else sock
            with contextlib.closing(used):
                yield used

    def encrypt(self, sock: socket.socket, host: str, *, seconds: float = 10.0) -> ssl.SSLSocket:
        """Begin TLS."""
        sock.settimeout(seconds)
        try:
            return self._tls.wrap_socket(sock, server_hostname=host)
        except ssl.SSLError as error:
            raise HttpFailed(str(error), sent=False) from error


class MailApp:
    """One connected account; operations go the way of plain data, as between core and host."""

    def __init__(self, authority: Path, password: str, **settings: Any) -> None:
        self.sockets = LoopbackSockets(authority)
        self.turns: list[str] = []
        context: Any = SimpleNamespace(
            sockets=self.sockets,
            settings=settings,
            secrets={"password": password},
            connection=SimpleNamespace(id="conn_1"),
            limits=SimpleNamespace(take=self.turns.append),
        )
        self._extension = SmtpEmail(context)

    def ask(self, capability: str, operation: str, **arguments: Any) -> Any:
        """Have an operation done."""
        plain = perform(self._extension, capability, operation, sent(arguments))
        return result_of(capability, operation, plain)
