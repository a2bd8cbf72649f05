"""Requests to an extension's routes: from the message to WSGI, from Flask's answer to messages."""

import io
import sys
from collections.abc import Callable
from typing import Any, Final

from flask import Response
from typing_extensions import override

from geminicrm.runtime.host.conversation import Conversation, checked
from geminicrm.runtime.host.messages import Answer, Request
from geminicrm.runtime.host.small_app import SmallApp, parts_of
from geminicrm.runtime.host.streams import CHUNK, send_end, send_long, send_stream

# As WSGI has them (PEP 3333): without the prefix of the other headers.
_BARE: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})


def answer_request(
    conversation: Conversation, request: Request, body: bytes, app: SmallApp
) -> None:
    """Answer one request, to the end of its body.

    Raises whatever the extension raises, AnswerTooLarge, ValueError for an answer that can't be
    sent; also when a part of it has gone out already. Raises WireError.
    """
    deadline = conversation.deadline
    with app.answering(environ_of(request, body, conversation.read)) as response:
        conversation.drain()
        answer = checked(_head(request, response))
        streamed = _is_stream(response)
        if streamed:
            send_stream(conversation, answer, parts_of(response), deadline=deadline)
        else:
            whole = b"".join(parts_of(response))
    conversation.end()
    if streamed:
        send_end(conversation, answer, deadline=deadline)
    else:
        send_long(conversation, answer, whole, deadline=deadline)


def environ_of(request: Request, body: bytes, read: Callable[[], bytes]) -> dict[str, Any]:
    """Give a request as WSGI has it; `read` gives its body piece by piece, nothing at the end."""
    environ: dict[str, Any] = {_variable(name): value for name, value in request.headers}
    if not request.more:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.update(
        {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query,
            "SERVER_NAME": request.server,
            "SERVER_PORT": request.port,
            "SERVER_PROTOCOL": request.protocol,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": request.scheme,
            "wsgi.input": io.BufferedReader(_Body(read)) if request.more else io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
    )
    return environ


def _variable(name: str) -> str:
    variable = name.upper().replace("-", "_")
    return variable if variable in _BARE else f"HTTP_{variable}"


def _is_stream(response: Response) -> bool:
    # Flask's own pages of errors are iterators, but known to be short.
    length = response.content_length
    return not response.is_sequence and (length is None or length > CHUNK)


def _head(request: Request, response: Response) -> Answer:
    return Answer(request.id, response.status, tuple(response.headers.to_wsgi_list()))


class _Body(io.RawIOBase):
    """A body that is read as it comes."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._held = b""

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any, /) -> int:
        held = self._held or self._read()
        count = min(len(buffer), len(held))
        buffer[:count] = held[:count]
        self._held = held[count:]
        return count
