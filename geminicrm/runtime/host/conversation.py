"""A host's end of a conversation: the calls back of the extension's code, and the one ending.

The core began it and holds its deadline. Whatever the extension leaves running when it ends
reaches nothing any more.
"""

import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import Finding, Invalid, Unavailable
from geminicrm.runtime.host import values
from geminicrm.runtime.host.current import HttpWishes, NoCall
from geminicrm.runtime.host.messages import (
    Back,
    Chunk,
    HttpBack,
    HttpReply,
    Invoke,
    Message,
    Refusal,
    Reply,
    Request,
    ToHost,
)
from geminicrm.runtime.host.raised import error_of
from geminicrm.runtime.host.streams import receive_rest, send_long
from geminicrm.runtime.host.wire import TooLong, Wire, WireBroken, WireError, WireTimeout

MOST_BODY: Final = 64 * 1024 * 1024
"""Bytes of one body that comes from the core, which has its own, closer limits."""

M = TypeVar("M", bound=Message)


class Conversation:
    """Implements `current.Asking` over a connection; threads of the extension may share it.

    `settings` and `secrets` are what the doors keep for as long as it lasts. `body` is what came
    with `message`; `read` gives the rest as it comes.
    """

    def __init__(self, wire: Wire[ToHost], message: Request | Invoke, body: bytes) -> None:
        self.message = message
        self.deadline = time.monotonic() + message.seconds
        self.settings: dict[str, Any] | None = None
        self.secrets: dict[str, str] | None = None
        self._wire = wire
        self._lock = threading.RLock()
        self._asked = 0
        self._ended = False
        self._broken: WireError | None = None
        self._pieces = deque([body] if body else ())
        self._more = isinstance(message, Request) and message.more

    @property
    def is_broken(self) -> bool:
        """Whether its connection is of no use any more."""
        return self._broken is not None

    def ask(self, door: str, method: str, arguments: bytes) -> Any:
        """Call a method of a door of the core. Raises the SDK's errors."""
        with self._lock:
            self._asked += 1
            back = Back(self.message.id, self._asked, door, method)
            reply, given = self._asking(back, arguments)
            if not isinstance(reply, Reply):
                raise self._break(WireBroken(f"{type(reply).__name__} answers a Back"))
            return self._value(given)

    def ask_http(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes,
        timeout: float,
        wishes: HttpWishes,
    ) -> HttpResponse:
        """Have the core send a request to an outside host. Raises the SDK's errors."""
        with self._lock:
            self._asked += 1
            back = HttpBack(
                self.message.id,
                self._asked,
                method,
                url,
                timeout,
                tuple(headers),
                wishes.retries,
                wishes.key,
                wishes.key_header,
                wishes.cache_seconds,
            )
            reply, first = self._asking(_sendable(back), body)
            if not isinstance(reply, HttpReply):
                raise self._break(WireBroken(f"{type(reply).__name__} answers an HttpBack"))
            given = self._rest(reply, first)
        return HttpResponse(reply.status, dict(reply.headers), given)

    def read(self) -> bytes:
        """Give the next piece of the request's body; nothing at its end. Raises Unavailable."""
        with self._lock:
            while self._more and not self._pieces:
                self._check_open()
                found, piece = self._receive()
                if not isinstance(found, Chunk):
                    raise self._break(WireBroken("the rest of a request's body was to come"))
                self._keep(found, piece)
            return self._pieces.popleft() if self._pieces else b""

    def send(self, message: Message, body: bytes = b"", *, deadline: float) -> None:
        """Write one frame, not in the middle of a call back. Raises WireError."""
        with self._lock:
            self._wire.send(message, body, deadline=deadline)

    def drain(self) -> None:
        """Take what is left of the request's body, so that nobody waits to send it.

        Raises WireError.
        """
        with self._lock:
            if self._broken is None:
                with suppress(Unavailable):
                    while self.read():
                        pass
            if self._broken is not None:
                raise self._broken

    def end(self) -> None:
        """Close the doors, for the ending that is to be sent now."""
        with self._lock:
            self._ended = True

    def _asking(self, back: Back | HttpBack, body: bytes) -> tuple[Reply | HttpReply, bytes]:
        self._check_open()
        self._send(back, body)
        while True:
            found, given = self._receive()
            if not isinstance(found, Chunk):
                break
            self._keep(found, given)  # of the request, which the core sends before it listens
        if not isinstance(found, Reply | HttpReply | Refusal) or found.seq != back.seq:
            raise self._break(WireBroken(f"{type(found).__name__} answers no call back"))
        if isinstance(found, Refusal):
            raise error_of(found.error)
        return found, given

    def _send(self, back: Back | HttpBack, body: bytes) -> None:
        try:
            if isinstance(back, HttpBack):
                send_long(self, back, body, deadline=self.deadline)
            else:
                self._wire.send(back, body, deadline=self.deadline)
        except TooLong as error:
            raise Invalid(
                [Finding("", "too_large", f"This is too much at once: {error}.")]
            ) from None
        except WireError as error:
            raise self._break(error) from error

    def _receive(self) -> tuple[ToHost, bytes]:
        try:
            found, body = self._wire.receive(deadline=self.deadline)
        except WireError as error:
            raise self._break(error) from error
        if found.id != self.message.id:
            raise self._break(WireBroken("a message of another conversation"))
        return found, body

    def _rest(self, reply: HttpReply, first: bytes) -> bytes:
        try:
            return receive_rest(self._wire, reply, first, most=MOST_BODY, deadline=self.deadline)
        except WireError as error:
            raise self._break(error) from error

    def _keep(self, chunk: Chunk, piece: bytes) -> None:
        if not self._more:
            raise self._break(WireBroken("a piece of no body"))
        self._more = chunk.more
        if piece:
            self._pieces.append(piece)

    def _value(self, given: bytes) -> Any:
        try:
            return values.decode(given)
        except values.ValueRefused as error:
            raise self._break(WireBroken(str(error))) from error

    def _check_open(self) -> None:
        if self._ended:
            raise NoCall("the call that this belongs to is over")
        if self._broken is not None:
            raise _gone(self._broken)

    def _break(self, error: WireError) -> Unavailable:
        self._broken = error
        return _gone(error)


def _gone(error: WireError) -> Unavailable:
    if isinstance(error, WireTimeout):
        return Unavailable("the time of this call is over")
    return Unavailable(f"the core can't be reached any more: {error}")


def _sendable(back: HttpBack) -> HttpBack:
    try:
        return checked(back)
    except ValueError as error:
        raise Invalid([Finding("", "not_sendable", f"This can't be sent: {error}.")]) from None


def checked(message: M) -> M:
    """Give a message as the other side will read it. Raises ValueError where it would refuse it."""
    try:
        data = msgspec.msgpack.encode(message)
        return msgspec.msgpack.decode(data, type=type(message))
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise ValueError(str(error)[:300]) from None
