"""What a host prints, from its pipe into lines; a flood is slowed down and cut."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from geminicrm.runtime.supervisor.loop import Loop, Timer

PIECE: Final = 16 * 1024
MOST_PIECES: Final = 4
REST_SECONDS: Final = 0.25
"""No more than one piece is read in this time: a host that prints more waits for its own pipe."""
MOST_LINES: Final = 50
MOST_LINE: Final = 2_000


class Output:
    """Reads the pipe `descriptor`, which belongs to it from now on."""

    def __init__(self, loop: Loop, descriptor: int, write: Callable[[Sequence[str]], None]) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._write = write
        self._begun = b""
        self._rest: Timer | None = None
        os.set_blocking(descriptor, False)
        loop.on_readable(descriptor, self._read)

    def take(self) -> None:
        """Take what is in the pipe by now, without waiting; at most some pieces."""
        with suppress(OSError):
            for _piece in range(MOST_PIECES):
                data = os.read(self._descriptor, PIECE)
                if not data:
                    return
                self._take(data)

    def close(self) -> None:
        """Take what is in the pipe by now, and close it."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.forget(self._descriptor)
        self.take()
        self._give([self._begun] if self._begun else [])
        os.close(self._descriptor)

    def _read(self) -> None:
        self._loop.forget(self._descriptor)
        try:
            data = os.read(self._descriptor, PIECE)
        except OSError:
            data = b""
        if data:
            self._take(data)
            self._rest = self._loop.later(REST_SECONDS, self._again)

    def _again(self) -> None:
        self._loop.on_readable(self._descriptor, self._read)

    def _take(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        if len(self._begun) > MOST_LINE:
            lines.append(self._begun)
            self._begun = b""
        self._give(lines)

    def _give(self, lines: list[bytes]) -> None:
        kept = [line[:MOST_LINE].decode(errors="replace") for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            kept.append(f"({len(lines) - MOST_LINES} more lines were left out)")
        if kept:
            self._write(kept)
