"""The load generator: what it sends, counts and checks."""

import contextlib
import http.server
import threading

import pytest

from bench.load import Exchange, Tally, Unanswered, drive, parsed

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize("length", range(len(ANSWER)))
def test_an_answer_is_not_read_before_it_is_complete(length):
    assert parsed(ANSWER[:length]) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ANSWER, (200, b"hello")),
        (b"HTTP/1.1 201 Created\r\nX: y\r\ncontent-length:0\r\n\r\n", (201, b"")),
        (b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", (304, b"")),
    ],
)
def test_an_answer_is_status_and_body(answer, expected):
    assert parsed(answer) == expected


def test_an_answer_without_a_length_is_refused():
    with pytest.raises(ValueError, match="content-length"):
        parsed(b"HTTP/1.1 200 OK\r\n\r\nhello")


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Stay quiet."""


class _Closing(_Echo):
    def do_GET(self):
        self.close_connection = True


@contextlib.contextmanager
def _serving(handler):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _source(path, expected):
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    return lambda: Exchange(request, lambda status, body: (status, body) == (200, expected))


def test_groups_are_counted_apart_and_every_answer_is_checked():
    right, wrong = _source("/a", b"/a"), _source("/b", b"/c")
    with _serving(_Echo) as port:
        first, second = drive(port, [[right, right], [wrong]], 0.1)
    assert (first.wrong, first.first_wrong) == (0, "")
    assert len(first.latencies) >= 2
    assert second.wrong == len(second.latencies) >= 1
    assert second.first_wrong == "200 b'/b'"
    assert first.rate > 0
    assert first.seconds >= 0.1


def test_a_closed_connection_is_no_answer():
    with _serving(_Closing) as port, pytest.raises(Unanswered, match="closed"):
        drive(port, [[_source("/", b"/")]], 0.1)


def test_a_tally_gives_milliseconds():
    tally = Tally(latencies=[0.001, 0.002, 0.009], seconds=0.5, cpu=0.003)
    assert (tally.rate, tally.ms(50), tally.ms(99)) == (6, 2, 9)
    assert tally.cpu_ms == pytest.approx(1)
