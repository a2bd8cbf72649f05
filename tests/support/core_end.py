"""The core's end of a connection to a host, as a test plays it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from extensions.sdk.errors import SdkError
from geminicrm.runtime.host.messages import (
    Answer,
    Back,
    Failed,
    HttpBack,
    HttpReply,
    Invoke,
    Raised,
    Refusal,
    Reply,
    Request,
    ToCore,
    Value,
)
from geminicrm.runtime.host.raised import error_of, facts_of
from geminicrm.runtime.host.streams import receive_rest, send_long
from geminicrm.runtime.host.values import decode, encode
from geminicrm.runtime.host.wire import Wire

MOST = 20 * 1024 * 1024
Ending: TypeAlias = Answer | Value | Raised | Failed
Door = Callable[[str, str, dict[str, Any]], object]
HttpAnswer = tuple[int, dict[str, str], bytes]


def soon(seconds: float = 10.0) -> float:
    """Give a deadline that no sound test comes near."""
    return time.monotonic() + seconds


def request_for(path: str, **changes: Any) -> Request:
    """Give a request, all but the path as good as any."""
    facts = {
        "id": 1,
        "seconds": 10.0,
        "method": "GET",
        "path": f"/api/extensions/sample{path}",
        "query": "",
        "scheme": "http",
        "server": "crm",
        "port": "80",
        "protocol": "HTTP/1.1",
        "headers": (("host", "crm"),),
    }
    return Request(**{**facts, **changes})


def no_door(door: str, method: str, _arguments: dict[str, Any]) -> object:
    """Refuse every call back."""
    raise SdkError(f"{door}.{method} was not expected")


@dataclass
class Core:
    """The core's end of one connection; `door` answers the calls back, which it keeps."""

    wire: Wire[ToCore]
    door: Door = no_door
    http: Callable[[HttpBack, bytes], HttpAnswer] | None = None
    backs: list[tuple[str, str, Any]] = field(default_factory=list)

    def ask(self, message: Request | Invoke, body: bytes = b"") -> tuple[Ending, bytes]:
        """Hold one conversation; give its ending with the whole body."""
        if isinstance(message, Request):
            send_long(self.wire, message, body, deadline=soon())
        else:
            self.wire.send(message, body, deadline=soon())
        return self.ending()

    def invoke(self, what: str, name: str = "", *given: Any) -> Any:
        """Call a method that is expected to return; give what it gives."""
        ending, body = self.ask(Invoke(1, 10.0, what, name), encode(given))
        assert isinstance(ending, Value), ending
        return decode(body)

    def get(self, path: str, **changes: Any) -> tuple[Ending, bytes]:
        """Ask a route."""
        return self.ask(request_for(path, **changes))

    def raised(self, path: str) -> SdkError:
        """Ask a route that is expected to let an error of the SDK through."""
        ending, _ = self.get(path)
        assert isinstance(ending, Raised), ending
        return error_of(ending.error)

    def ending(self) -> tuple[Ending, bytes]:
        """Serve the calls back until the end."""
        while True:
            message, body = self.wire.receive(deadline=soon())
            if isinstance(message, Back | HttpBack):
                self.serve(message, body)
            elif isinstance(message, Answer):
                return message, self._whole(message, body)
            else:
                assert isinstance(message, Value | Raised | Failed), message
                return message, body

    def serve(self, message: Any, body: bytes) -> None:
        """Answer one call back; end the reading of a body with what ends it."""
        if isinstance(message, Back):
            self._serve(message, body)
        elif isinstance(message, HttpBack):
            whole = receive_rest(self.wire, message, body, most=MOST, deadline=soon())
            assert self.http is not None
            status, headers, given = self.http(message, whole)
            reply = HttpReply(message.id, message.seq, status, tuple(headers.items()))
            send_long(self.wire, reply, given, deadline=soon())
        else:
            raise Interrupted(message)

    def _serve(self, back: Back, body: bytes) -> None:
        arguments = decode(body)
        self.backs.append((back.door, back.method, arguments))
        try:
            given = encode(self.door(back.door, back.method, arguments))
        except SdkError as error:
            refusal = Refusal(back.id, back.seq, facts_of(error))
            self.wire.send(refusal, deadline=soon())
            return
        self.wire.send(Reply(back.id, back.seq), given, deadline=soon())

    def _whole(self, message: Answer, body: bytes) -> bytes:
        return receive_rest(
            self.wire, message, body, most=MOST, deadline=soon(), meanwhile=self.serve
        )


class Interrupted(Exception):
    """A body has no end; `args` holds the message that came instead."""
