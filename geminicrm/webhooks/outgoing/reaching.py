"""Opening a connection to a receiver: to the checked addresses only, with verified TLS."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import Final, TypeVar

from geminicrm.kernel.http import AddressGuard, ConnectFailed, HttpTimeout, Target
from geminicrm.webhooks.outgoing.wires import Wire

CONNECT_SECONDS: Final = 5.0
_Found = TypeVar("_Found")


class PostFailed(Exception):
    """No answer that counts; `error` is the class of what went wrong, as attempts have it."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error


async def pinned(guard: AddressGuard, target: Target) -> Target:
    """Look the name up, and give the target with its addresses, which all passed the guard.

    Raises AddressRefused, PostFailed. A look-up may hang in the machine's resolver: each has a
    thread of its own, so that it holds up nobody else.
    """
    try:
        if _is_literal(target.host):
            return guard.pin(target)
        return await in_thread(partial(guard.pin, target))
    except (HttpTimeout, ConnectFailed) as error:
        raise PostFailed("dns", str(error)) from error


async def opened(target: Target, tls: ssl.SSLContext | None) -> Wire:
    """Give an open connection, encrypted where `tls` is given. Raises PostFailed."""
    sock = await _connected(target)
    try:
        _, wire = await asyncio.get_running_loop().create_connection(
            Wire, sock=sock, ssl=tls, server_hostname=target.host if tls else None
        )
    except ssl.SSLCertVerificationError as error:
        said = f"The certificate of {target.origin} does not hold: {error.verify_message}."
        raise PostFailed("tls", said) from error
    except ssl.SSLError as error:
        said = f"No TLS connection with {target.origin} ({error.reason or error})."
        raise PostFailed("tls", said) from error
    except OSError as error:
        said = f"{target.origin} broke off before the connection was ready ({error})."
        raise PostFailed("tls" if tls else "connect", said) from error
    wire.born = time.monotonic()
    return wire


async def in_thread(call: Callable[[], _Found]) -> _Found:
    """Call what blocks in a thread of its own, which is left behind where nobody waits any more."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Found] = loop.create_future()

    def settle(found: Callable[[], None]) -> None:
        if not future.done():
            found()

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - border of a thread: the waiter raises it again
            done = partial(settle, partial(future.set_exception, error))
        else:
            done = partial(settle, partial(future.set_result, result))
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(done)

    threading.Thread(target=run, name="webhooks look-up", daemon=True).start()
    return await future


async def _connected(target: Target) -> socket.socket:
    last: OSError | None = None
    began = time.monotonic()
    for left, address in zip(range(len(target.addresses), 0, -1), target.addresses, strict=True):
        budget = (CONNECT_SECONDS - (time.monotonic() - began)) / left
        try:
            # A share for each address, so that a dead first one leaves time for the next.
            async with asyncio.timeout(max(budget, 0.001)):
                return await _connect(address, target.port)
        except OSError as error:
            last = error
    if isinstance(last, TimeoutError):
        said = f"{target.origin} accepted no connection within {CONNECT_SECONDS:g} s."
        raise PostFailed("timeout", said) from last
    raise PostFailed("connect", f"{target.origin} accepts no connection ({last}).") from last


async def _connect(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 - the socket's own way to say it
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
