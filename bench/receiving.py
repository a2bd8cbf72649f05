"""A receiver of webhooks: answers `/hook` at once, `/hang` never; `/seen` tells what came."""

import asyncio
import json
import re
import sys
import time
from typing import Final, cast

from typing_extensions import override

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_SENT: Final = re.compile(rb'"company":"([0-9.]+)"')
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_MS: Final = 1000


class Seen:
    """How many posts came, and how many milliseconds after the time that each has in it."""

    def __init__(self) -> None:
        self.count = 0
        self.milliseconds: list[float] = []

    def note(self, body: bytes) -> None:
        """Count one."""
        self.count += 1
        sent = _SENT.search(body)
        if sent is not None:
            self.milliseconds.append((time.time() - float(sent[1])) * _MS)

    def told(self) -> bytes:
        """Give all of it as JSON, and begin anew."""
        text = json.dumps({"count": self.count, "ms": self.milliseconds}).encode()
        self.count, self.milliseconds = 0, []
        return text


class _Receiving(asyncio.Protocol):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._buffer = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < size:
                return
            body, self._buffer = self._buffer[end + 4 : size], self._buffer[size:]
            self._answer(head.split(b" ", 2)[1], body)

    def _answer(self, path: bytes, body: bytes) -> None:
        if path.startswith(b"/hang"):
            return
        told = b"ok"
        if path.startswith(b"/seen"):
            told = self._seen.told()
        elif path.startswith(b"/hook"):
            self._seen.note(body)
        self._transport.write(_OK % (len(told), told))


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    seen = Seen()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Receiving(seen), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
