"""Raw loopback servers: each test says byte for byte how the other side behaves."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

Handler = Callable[[socket.socket], None]


@dataclass
class Server:
    port: int
    connections: list[int] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"


def read_request(conn: socket.socket) -> bytes:
    """Read up to the end of the head; small bodies arrive with it or after.

    Raises ConnectionError where the other side hangs up before: what reads on would never end.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        part = conn.recv(65_536)
        if not part:
            raise ConnectionError("hung up before a whole request had come")
        data += part
    return data


@pytest.fixture
def serve() -> Iterator[Callable[[Handler], Server]]:
    listeners: list[socket.socket] = []

    def start(handler: Handler) -> Server:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        server = Server(listener.getsockname()[1])

        def talk(conn: socket.socket) -> None:
            with conn, contextlib.suppress(OSError):
                handler(conn)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    conn, peer = listener.accept()
                    server.connections.append(peer[1])
                    threading.Thread(target=talk, args=(conn,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return server

    yield start
    for listener in listeners:
        # Closing alone would leave the accepting thread waiting.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def answer(serve: Callable[[Handler], Server]) -> Callable[[bytes], Server]:
    """Start a server that reads one request and answers with fixed bytes."""

    def start(raw: bytes) -> Server:
        def handler(conn: socket.socket) -> None:
            server.received.append(read_request(conn))
            conn.sendall(raw)

        server = serve(handler)
        return server

    return start
