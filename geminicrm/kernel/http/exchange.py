"""One request and its answer on an open connection."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from http.client import HTTPResponse as Answer
from typing import Final

from geminicrm.kernel.http.errors import HttpTimeout, ResponseBroken, ResponseTooLarge
from geminicrm.kernel.http.guard import Target
from geminicrm.kernel.http.message import HttpRequest, HttpResponse, Sink
from geminicrm.kernel.http.wire import CeilingReached, Deadline, TimedSocket

_CHUNK: Final = 65_536
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
_USER_AGENT: Final = "GeminiCRM-Pro"
_LATEST: Final = 11


class Exchange:
    """Sends a request and reads what comes; `reusable` once another one may follow it."""

    def __init__(
        self, request: HttpRequest, target: Target, sock: TimedSocket, deadline: Deadline
    ) -> None:
        self._request = request
        self._target = target
        self._deadline = deadline
        self._stage = "send"
        self._sock = sock
        self.reusable = False
        self._complete = True
        self._connection = HTTPConnection(target.host, target.port)
        # `http.client` is typed for real sockets and uses `sendall`, `makefile` and `close`.
        self._connection.sock = sock

    def run(self, sink: Sink | None) -> HttpResponse:
        """Do it. Raises HttpTimeout, ResponseTooLarge, ResponseBroken."""
        try:
            self._send()
            self._stage = "read"
            with self._connection.getresponse() as answer:
                found = self._read(answer) if sink is None else self._pour(answer, sink)
                at_its_end = answer.isclosed() and answer.version == _LATEST
                self.reusable = at_its_end and not answer.will_close and self._may_follow()
                return found
        except TimeoutError as error:
            raise self._timed_out() from error
        except CeilingReached as error:
            raise self._too_large() from error
        except (HTTPException, OSError, ValueError) as error:
            raise ResponseBroken(
                f"{self._target.origin} broke off or did not speak HTTP "
                f"({type(error).__name__}). Check that the address is the service's, and its log.",
                where=self._target.origin,
                sent=self._sock.sent,
            ) from error

    def _send(self) -> None:
        request, connection = self._request, self._connection
        connection.putrequest(
            request.method, self._target.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self._headers().items():
            connection.putheader(name, value.encode("latin-1"))
        try:
            connection.endheaders(request.body or None)
        except (BrokenPipeError, ConnectionResetError):
            # A receiver may answer (413, 401) and close before it has read the whole body.
            self._complete = False

    def _may_follow(self) -> bool:
        # Bytes behind the answer's end would be taken for the answer to the next request.
        return bool(self._request.keep) and self._complete and not self._sock.leftover

    def _headers(self) -> dict[str, str]:
        request = self._request
        headers = {"Host": self._target.host_header, "Accept-Encoding": "identity"}
        if not request.keep:
            headers["Connection"] = "close"
        if not any(name.lower() == "user-agent" for name in request.headers):
            headers["User-Agent"] = _USER_AGENT
        if request.body or request.method in _WITH_LENGTH:
            headers["Content-Length"] = str(len(request.body))
        return headers | dict(request.headers)

    def _read(self, answer: Answer) -> HttpResponse:
        body, rest = self._read_body(answer)
        if rest and not self._request.truncate:
            raise self._too_large()
        return HttpResponse(
            answer.status, _joined(answer), body, self._elapsed_ms(), truncated=rest
        )

    def _pour(self, answer: Answer, sink: Sink) -> HttpResponse:
        headers = _joined(answer)
        sink.begin(answer.status, headers)
        left = self._request.max_bytes
        while chunk := answer.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise self._too_large()
            sink.write(chunk)
        self._check_end(answer)
        return HttpResponse(answer.status, headers, b"", self._elapsed_ms())

    def _elapsed_ms(self) -> float:
        return round(self._deadline.elapsed() * 1000, 3)

    def _read_body(self, answer: Answer) -> tuple[bytes, bool]:
        limit = self._request.max_bytes
        body = bytearray()
        while len(body) <= limit:
            chunk = answer.read(min(_CHUNK, limit + 1 - len(body)))
            if not chunk:
                self._check_end(answer)
                return bytes(body), False
            body += chunk
        return bytes(body[:limit]), True

    def _check_end(self, answer: Answer) -> None:
        # `http.client` ends silently where the body is shorter than its Content-Length.
        if answer.length:
            raise HTTPException("The body ended early")

    def _timed_out(self) -> HttpTimeout:
        doing = "take the request" if self._stage == "send" else "finish its answer"
        return HttpTimeout(
            f"{self._target.origin} did not {doing} within {self._deadline.seconds:g} s. Check "
            "the service, or allow more time.",
            where=self._target.origin,
            stage=self._stage,
            sent=self._sock.sent,
        )

    def _too_large(self) -> ResponseTooLarge:
        return ResponseTooLarge(
            f"{self._target.origin} answered with more than {self._request.max_bytes} bytes. Ask "
            "for less (a page, a range), or allow more.",
            where=self._target.origin,
            sent=self._sock.sent,
        )


def _joined(answer: Answer) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
