"""The core's end of a conversation: one task, the calls back that it needs, its ending."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from extensions.sdk.errors import Finding as SdkFinding
from extensions.sdk.errors import Invalid, SdkError
from geminicrm.runtime.host.messages import (
    Answer,
    Back,
    Failed,
    Goaway,
    HttpBack,
    HttpReply,
    Invoke,
    Raised,
    Refusal,
    Reply,
    Request,
    ToCore,
    ToHost,
    Value,
)
from geminicrm.runtime.host.raised import facts_of
from geminicrm.runtime.host.streams import CHUNK, receive_rest, send_long
from geminicrm.runtime.host.wire import TooLong, WireBroken, WireClosed, WireError, WireTimeout
from geminicrm.runtime.hosting.broker import Broker, fitting
from geminicrm.runtime.hosting.connections import Connection
from geminicrm.runtime.hosting.errors import Exceeded, Late, Lost, NotBegun

MOST_BACKS = 1_000
"""In a call of up to 30 seconds, and as many for each further 30; so with MOST_MOVED."""
MOST_MOVED = 64 * 1024 * 1024
MOST_ANSWER = 10 * 1024 * 1024
MOST_SENT = 10 * 1024 * 1024
_LONGEST_SECONDS = 3_600.0
_SHARE_SECONDS = 30.0

Opening: TypeAlias = Callable[[int, float], Request | Invoke]
"""Makes the first message from the conversation's number and the seconds that are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked of a host; `repeatable` says that doing it twice does no harm."""

    opening: Opening
    body: bytes = b""
    repeatable: bool = False
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended, and the bytes beside that message."""

    message: Answer | Value | Raised | Failed
    body: bytes


class _Instead(Exception):
    """What came instead of the rest of an answer ends the conversation."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self.ending = ending


class Conversation:
    """One conversation on a connection, held by the thread that makes the call.

    `deadline` is that of `time.monotonic()`, and covers everything.
    """

    def __init__(self, connection: Connection, broker: Broker, deadline: float) -> None:
        self._connection = connection
        self._wire = connection.wire
        self._broker = broker
        self._deadline = deadline
        self._number = connection.next_number()
        self._is_sent = False
        self._is_heard = False
        self._backs = 0
        # Long work may ask for more, and no more quickly.
        self._share = max(1.0, (deadline - time.monotonic()) / _SHARE_SECONDS)
        self._moved = 0

    def hold(self, task: Task) -> Ending:
        """Have it done.

        Raises NotBegun, Lost, Late, Exceeded, WireBroken, and TooLong for a task that no message
        can hold. The connection is of no use after any of them.
        """
        try:
            wanted = self._begin(task)
            return self._serve(wanted)
        except WireTimeout as error:
            raise Late from error
        except WireClosed as error:
            self._look_for_goaway()
            raise (Lost if self._may_have_begun() else NotBegun) from error

    def _begin(self, task: Task) -> type[Answer] | type[Value]:
        left = min(max(self._deadline - time.monotonic(), 0.0), _LONGEST_SECONDS)
        opening = task.opening(self._number, left)
        # A host may begin with the first piece of a long body.
        self._is_sent = len(task.body) > CHUNK
        self._send(opening, task.body)
        self._is_sent = True
        return Answer if isinstance(opening, Request) else Value

    def _may_have_begun(self) -> bool:
        """Tell whether it may be at it; not so one that said it leaves, and then no more."""
        return self._is_sent and (self._is_heard or not self._connection.is_leaving)

    def _look_for_goaway(self) -> None:
        """Hear what a host said before it hung up on a long body."""
        with contextlib.suppress(WireError):
            while self._wire.readable() and not self._connection.is_leaving:
                message, _ = self._wire.receive(deadline=self._deadline)
                self._connection.is_leaving = isinstance(message, Goaway)
                self._is_heard = self._is_heard or not self._connection.is_leaving

    def _serve(self, wanted: type[Answer] | type[Value]) -> Ending:
        while True:
            message, body = self._wire.receive(deadline=self._deadline)
            if isinstance(message, Goaway):
                if self._connection.is_leaving:  # else it could keep us busy with it
                    raise WireBroken("Goaway was said before")
                self._connection.is_leaving = True
                continue
            self._check(message)
            self._is_heard = True
            if isinstance(message, Back | HttpBack):
                self._call_back(message, body)
            elif isinstance(message, Raised | Failed | wanted):
                return self._whole(message, body)
            else:
                raise WireBroken(f"{type(message).__name__} is no answer to that")

    def _check(self, message: ToCore) -> None:
        number = getattr(message, "id", None)
        if number != self._number:
            name = type(message).__name__
            raise WireBroken(f"{name} of conversation {number} came in {self._number}")

    def _whole(self, message: Answer | Value | Raised | Failed, body: bytes) -> Ending:
        if not isinstance(message, Answer):
            return Ending(message, body)
        most, until = MOST_ANSWER, self._deadline
        try:
            body = receive_rest(
                self._wire, message, body, most=most, deadline=until, meanwhile=self._between
            )
        except _Instead as instead:
            return instead.ending
        return Ending(message, body)

    def _between(self, message: ToCore, body: bytes) -> None:
        """Take what comes while an answer is still being made."""
        if isinstance(message, Goaway):
            self._connection.is_leaving = True
            return
        self._check(message)
        if isinstance(message, Back | HttpBack):
            self._call_back(message, body)
        elif isinstance(message, Raised | Failed):
            raise _Instead(Ending(message, body))
        else:
            raise WireBroken(f"{type(message).__name__} came instead of the rest of a body")

    def _call_back(self, message: Back | HttpBack, body: bytes) -> None:
        self._backs += 1
        most = int(MOST_BACKS * self._share)
        if self._backs > most:
            raise Exceeded(f"more than {most} calls back in one call")
        try:
            if isinstance(message, Back):
                self._move(len(body))
                self._reply(message, self._broker.answer(message, body))
            else:
                self._send_out(message, body)
        except SdkError as error:
            self._send(Refusal(self._number, message.seq, facts_of(error)))

    def _reply(self, back: Back, given: bytes) -> None:
        self._move(len(given))
        try:
            self._send(Reply(self._number, back.seq), given)
        except TooLong:
            text = f"{back.door}.{back.method} gives {len(given)} bytes; ask for less at once."
            raise Invalid([SdkFinding("", "too_large", text)]) from None

    def _send_out(self, back: HttpBack, first: bytes) -> None:
        body = receive_rest(self._wire, back, first, most=MOST_SENT, deadline=self._deadline)
        self._move(len(body))
        answer = self._broker.send(back, body, self._deadline)
        self._move(len(answer.body))
        headers = fitting(dict(answer.headers))
        self._send(HttpReply(self._number, back.seq, answer.status, headers), answer.body)

    def _move(self, size: int) -> None:
        self._moved += size
        most = int(MOST_MOVED * self._share)
        if self._moved > most:
            raise Exceeded(f"more than {most} bytes moved in one call")

    def _send(self, message: ToHost, body: bytes = b"") -> None:
        try:
            if isinstance(message, Request | HttpReply):
                send_long(self._wire, message, body, deadline=self._deadline)
            else:
                self._wire.send(message, body, deadline=self._deadline)
        except WireBroken as error:  # while we send, that is a host that went away
            raise WireClosed(str(error)) from error
