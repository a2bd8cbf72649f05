"""Connections of built-in extensions that are no HTTP, checked as outside calls are."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Final

import structlog

from extensions.sdk import errors as sdk
from geminicrm.kernel.http import AddressGuard, AddressRefused, HttpFailed, Target
from geminicrm.kernel.http.connect import connect, encrypt, tls_context
from geminicrm.kernel.http.wire import Deadline
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.connecting import Connecting
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.hosts import spelled, split_port

_LONGEST_SECONDS: Final = 60.0
_log = structlog.get_logger(__name__)


class TimedConnection:
    """A connection that ends with its `with` statement, and at its deadline at the latest.

    A socket's own timeout starts anew with every byte, so that a server which drips would hold a
    caller for ever.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        # A second handle on the same connection: TLS takes the first one apart.
        self._handle = sock.dup()
        self._timer = threading.Timer(deadline.remaining(), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> socket.socket:
        self._timer.start()
        return self._sock

    def __exit__(self, *_about: object) -> None:
        self._timer.cancel()
        self._cut()
        self._handle.close()
        self._sock.close()

    def _cut(self) -> None:
        with contextlib.suppress(OSError):  # the other side may have ended it
            self._handle.shutdown(socket.SHUT_RDWR)


class ExtensionSockets:
    """Implements the SDK's SocketsDoor over the guard and the TLS of the core."""

    door = "sockets"

    def __init__(
        self, guard: AddressGuard, connecting: Connecting, call: Callable[[], CallContext]
    ) -> None:
        self._guard = guard
        self._connecting = connecting
        self._call = call

    @noted
    def connect(
        self, host: str, port: int, *, seconds: float = 30.0, encrypted: bool = False
    ) -> TimedConnection:
        """Open a connection; HttpNotAllowed or HttpFailed where there is none.

        In a dry run there never is one.
        """
        call = self._call()
        if not call.installed.manifest.sockets or call.dry_run is not None:
            raise sdk.HttpFailed("No connection is opened here.", sent=False)
        left = min(seconds, _LONGEST_SECONDS, call.deadline - time.monotonic())
        deadline = Deadline(left)
        with _translated():
            target = self._checked(call, host, port)
            sock = self._open(target, deadline, encrypted=encrypted)
        _log.info(
            "extension opened a connection",
            extension_id=call.installed.extension_id,
            workspace_id=call.installed.workspace_id,
            where=target.origin,
        )
        return TimedConnection(sock, deadline)

    def encrypt(self, sock: socket.socket, host: str, *, seconds: float = 10.0) -> ssl.SSLSocket:
        """Begin TLS on a connection; HttpFailed where the other side can't prove who it is."""
        with _translated():
            name = self._guard.parse_server(host, sock.getpeername()[1])
            return encrypt(sock, name, Deadline(seconds), self._tls)

    def _checked(self, call: CallContext, host: str, port: int) -> Target:
        target = self._guard.parse_server(host, port)
        allowed = self._allows(call, target)
        call.count_host(spelled(target.host, port), allowed=allowed)
        if not allowed:
            raise sdk.HttpNotAllowed(target.host)
        return self._guard.pin(target)

    def _allows(self, call: CallContext, target: Target) -> bool:
        # A setting names a server and has the port beside it, so any port of it counts.
        by_setting = {split_port(entry)[0] for entry in self._connecting.hosts(call)}
        return target.host in by_setting or spelled(target.host, target.port) in call.hosts

    def _open(self, target: Target, deadline: Deadline, *, encrypted: bool) -> socket.socket:
        sock = connect(target, deadline, lambda: self._tls)
        if not encrypted:
            return sock
        try:
            return encrypt(sock, target, deadline, self._tls)
        except BaseException:
            sock.close()
            raise

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return tls_context()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of the core into those of the SDK."""
    try:
        yield
    except AddressRefused as error:
        raise sdk.HttpNotAllowed(error.where or error.detail) from error
    except HttpFailed as error:
        raise sdk.HttpFailed(error.detail, sent=False) from error
    except TimeoutError as error:
        raise sdk.HttpFailed("The time of the call is over.", sent=False) from error
