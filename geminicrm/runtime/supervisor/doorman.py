"""The door of the supervisor: questions come in over its socket, answers go out."""

import os
import socket
import struct
from collections.abc import Callable
from typing import Final, TypeAlias

from geminicrm.runtime.host.control import Given, NotRunning, Question
from geminicrm.runtime.supervisor.frames import FrameBroken, OneMessage, framed
from geminicrm.runtime.supervisor.loop import Loop, Timer

_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = 0.25
_PIECE: Final = 64 * 1024
_CREDENTIALS: Final = struct.Struct("3i")

Reply: TypeAlias = Callable[[Given], None]
Answer: TypeAlias = Callable[[Question, Reply], None]


class Doorman:
    """Lets our own user in. Each connection brings one question, or holds the supervisor alive.

    Whoever needs the supervisor keeps a connection open on which it asks nothing.
    """

    def __init__(self, loop: Loop, listener: socket.socket, answer: Answer) -> None:
        self._loop = loop
        self._listener = listener
        self._answer = answer
        self._open: set[_Visit] = set()
        self._closed = False
        listener.settimeout(0)
        loop.on_readable(listener, self._accept)

    @property
    def visitors(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def close(self) -> None:
        """Let nobody in any more; who waits for an answer still gets it."""
        if not self._closed:
            self._closed = True
            self._loop.forget(self._listener)
            self._listener.close()

    def _accept(self) -> None:
        try:
            connection, _address = self._listener.accept()
        except OSError:  # gone again, or no descriptor left
            return
        if not _is_ours(connection):
            connection.close()
            return
        self._open.add(_Visit(self._loop, connection, self._asked, self._open.discard))

    def _asked(self, question: Question, reply: Reply) -> None:
        if self._closed:  # it came in just before
            reply(NotRunning("busy", "the supervisor is stopping", retry_after=_AGAIN_SECONDS))
        else:
            self._answer(question, reply)


class _Visit:
    """One connection."""

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        asked: Answer,
        left: Callable[["_Visit"], None],
    ) -> None:
        self._loop = loop
        self._connection = connection
        self._asked = asked
        self._left = left
        self._question: OneMessage[Question] = OneMessage(Question)
        self._limit: Timer | None = None
        self._done = False
        self._out = b""
        connection.settimeout(0)
        loop.on_readable(connection, self._read)

    def _read(self) -> None:
        try:
            data = self._connection.recv(_PIECE)
            question = self._question.feed(data) if data and self._limit_set() else None
        except (OSError, FrameBroken):
            data, question = b"", None
        if not data:
            self._close()
        elif question is not None:
            self._loop.forget(self._connection)
            self._stop_clock()
            self._asked(question, self._reply)

    def _limit_set(self) -> bool:
        if self._limit is None:
            self._limit = self._loop.later(_SECONDS, self._close)
        return True

    def _stop_clock(self) -> None:
        if self._limit is not None:
            self._limit.cancel()

    def _reply(self, given: Given) -> None:
        self._out = framed(given)
        self._limit = self._loop.later(_SECONDS, self._close)
        self._write()

    def _write(self) -> None:
        try:
            self._out = self._out[self._connection.send(self._out) :]
        except BlockingIOError:
            pass
        except OSError:
            self._out = b""
        if self._out:
            self._loop.on_writable(self._connection, self._write)
        else:
            self._close()

    def _close(self) -> None:
        if not self._done:
            self._done = True
            self._stop_clock()
            self._loop.forget(self._connection)
            self._connection.close()
            self._left(self)


def _is_ours(connection: socket.socket) -> bool:
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(found)
    return uid in {0, os.geteuid()}
