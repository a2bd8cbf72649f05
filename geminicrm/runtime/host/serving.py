"""The life of a host between its report and its end: connections, idleness, draining."""

import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from geminicrm.runtime.host.messages import Goaway, Hello, ToHost
from geminicrm.runtime.host.wire import Wire, WireError

MOST_CONNECTIONS: Final = 32
_GREETING_SECONDS: Final = 5.0

Work = Callable[[Wire[ToHost], ToHost, bytes], None]
"""Does what a message asks for. Raises WireError where the connection is of no use any more."""


class Connection:
    """One connection of the core.

    `busy` while a conversation runs on it, `leaving` where no further one begins.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.wire: Wire[ToHost] = Wire(sock, ToHost)
        self.busy = False
        self.leaving = False
        self._socket = sock
        self._lock = threading.Lock()
        self._left = False

    def leave(self) -> None:
        """Say once that nothing new begins here, and end what waits on it.

        The thread of the connection and whoever closes the host may come to it at the same moment:
        the second waits, so that nobody closes the connection before it is said.
        """
        with self._lock:
            if self._left:
                return
            self._left = True
            try:
                self.wire.send(Goaway(), deadline=time.monotonic() + _GREETING_SECONDS)
                self._socket.shutdown(socket.SHUT_RDWR)
            except (WireError, OSError):
                return  # the other side was quicker


class Server:
    """Serves a listener until nobody has asked for anything for `idle_seconds`, or `drain`.

    A thread for each connection does the `work`, conversations one after another. `run` belongs to
    the main thread; `leaving` is told before the listener is closed.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        generation: int,
        idle_seconds: float,
        work: Work,
        leaving: Callable[[], None],
    ) -> None:
        listener.settimeout(0)
        self._listener = listener
        self._generation = generation
        self._idle_seconds = idle_seconds
        self._work = work
        self._tell_leaving = leaving
        self._lock = threading.Lock()
        self._connections: list[Connection] = []
        self._closing = False
        self._last = time.monotonic()
        self._all_gone = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._woken.settimeout(0)
        self._waker.settimeout(0)

    def fileno(self) -> int:
        """Give a descriptor: a byte written to it wakes the server up to `drain`."""
        return self._waker.fileno()

    def drain(self) -> None:
        """Take nothing new, finish what runs, and have `run` return.

        For any thread and for signal handlers: so without the lock.
        """
        self._closing = True
        self._wake()

    def run(self) -> None:
        """Serve; gives back when the last conversation is over."""
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while not self._is_over():
            ready = {number for number, _ in poll.poll(self._idle_left() * 1000)}
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
            if self._listener.fileno() in ready:
                self._accept()
        self._leave()

    def _is_over(self) -> bool:
        with self._lock:
            busy = any(connection.busy for connection in self._connections)
            if not busy and time.monotonic() - self._last >= self._idle_seconds:
                self._closing = True
            return self._closing

    def _idle_left(self) -> float:
        with self._lock:
            if any(connection.busy for connection in self._connections):
                return self._idle_seconds
            return max(0.0, self._last + self._idle_seconds - time.monotonic())

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return  # whoever wanted in has gone away
        connection = Connection(sock)
        given_up = self._take(connection)
        if given_up is not None:
            given_up.leave()
        if given_up is connection:
            connection.wire.close()
            return
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _take(self, connection: Connection) -> Connection | None:
        """Give the connection that has to go for this one: an idle one, else itself."""
        with self._lock:
            if len(self._connections) < MOST_CONNECTIONS:
                self._connections.append(connection)
                return None
            idle = (one for one in self._connections if not (one.busy or one.leaving))
            given_up = next(idle, connection)
            given_up.leaving = True
            if given_up is not connection:
                self._connections.append(connection)
            return given_up

    def _serve(self, connection: Connection) -> None:
        try:
            greeting = time.monotonic() + _GREETING_SECONDS
            connection.wire.send(Hello(self._generation), deadline=greeting)
            while self._one(connection):
                pass
        except WireError:
            return  # closed, or not to be trusted: either way this connection is over
        finally:
            self._forget(connection)

    def _one(self, connection: Connection) -> bool:
        message, body = connection.wire.receive(deadline=float("inf"))
        if self._begin(connection):
            try:
                self._work(connection.wire, message, body)
            finally:
                self._finish(connection)
        if connection.leaving or self._closing:
            connection.leave()
            return False
        return True

    def _begin(self, connection: Connection) -> bool:
        with self._lock:
            connection.busy = not (self._closing or connection.leaving)
            return connection.busy

    def _finish(self, connection: Connection) -> None:
        with self._lock:
            connection.busy = False
            self._last = time.monotonic()

    def _forget(self, connection: Connection) -> None:
        connection.wire.close()
        with self._lock:
            self._connections.remove(connection)
            gone = self._closing and not self._connections
        if gone:
            self._all_gone.set()

    def _leave(self) -> None:
        self._tell_leaving()
        self._listener.close()
        with self._lock:
            idle = [connection for connection in self._connections if not connection.busy]
            left = bool(self._connections)
        for connection in idle:
            connection.leave()
        if left:
            self._all_gone.wait()
        self._woken.close()
        self._waker.close()

    def _wake(self) -> None:
        try:
            self._waker.send(b".")
        except OSError:
            return  # it is awake already, or over
