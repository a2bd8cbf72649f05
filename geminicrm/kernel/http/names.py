"""Looking up a name under a deadline."""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

Resolver = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Ask the machine's resolver for the addresses of a name; OSError where it knows none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


def look_up(resolver: Resolver, host: str, port: int, seconds: float) -> Sequence[str]:
    """Call a resolver and wait at most `seconds` for it; TimeoutError past that.

    `getaddrinfo` can't be interrupted: a look-up that hangs is left behind in its daemon thread,
    which ends when the machine's resolver gives up.
    """
    future: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            future.set_result(resolver(host, port))
        except Exception as error:  # noqa: BLE001 -- border of a thread: the waiter raises it again
            future.set_exception(error)

    threading.Thread(target=run, name="look-up", daemon=True).start()
    return future.result(timeout=seconds)
