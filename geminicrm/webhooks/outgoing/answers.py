"""Reading what a receiver answers: bounded in every direction, whatever it sends.

Source: RFC 9112, sections 4 to 7. Nothing is decompressed: who sends a gzip bomb has it logged.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

BODY_BYTES: Final = 51_200
"""So much of an answer's body is kept; it is read no further."""
_HEAD_BYTES: Final = 32_768
_MOST_HEADERS: Final = 100
# Beside the body: what one-byte chunks cost to take apart is bounded with it.
_FRAMING_BYTES: Final = 65_536
_LONGEST_LINE: Final = 256
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?")
_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_WITHOUT_BODY: Final = frozenset({204, 304})
_FINAL: Final = 200
_SWITCHING: Final = 101


class BadAnswer(Exception):
    """What came is no HTTP answer, or more head than anybody needs."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whatever its status. Names of headers are in lower case, repeated ones joined.

    `body` is at most BODY_BYTES of it; `truncated` tells whether there was more.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    truncated: bool = False


class AnswerReader:
    """Takes the bytes of one answer as they come; `done` once there is nothing more to read."""

    def __init__(self) -> None:
        self.done = False
        self.begun = False
        self.keeps = False
        self._buffer = bytearray()
        self._searched = 0
        self._spent = 0
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._truncated = False
        self._take: Callable[[], bool] = self._take_head
        # Of a body with a length, or of a chunk: what is still to come. None: up to the end.
        self._left: int | None = 0

    @property
    def answer(self) -> Answer:
        """The whole of it, once it is `done`."""
        return Answer(self._status, self._headers, bytes(self._body), self._truncated)

    def feed(self, data: bytes) -> bool:
        """Take what has come; tell whether that was all. Raises BadAnswer."""
        self.begun = True
        self._buffer += data
        while not self.done and self._take():
            pass
        if self.done and self._buffer:
            # What nobody asked for would be taken for the answer to the next request.
            self.keeps = False
        return self.done

    def end(self) -> None:
        """Note that nothing more comes. Raises BadAnswer where something should have."""
        if self._take == self._take_rest and self._left is None:
            self.done = True
        if not self.done:
            raise BadAnswer("it broke off in the middle of its answer")

    # Each takes one thing off the buffer, and tells whether to go on.

    def _take_head(self) -> bool:
        found = _HEAD_END.search(self._buffer, max(self._searched - 3, 0))
        self._searched = len(self._buffer)
        size = found.end() if found else len(self._buffer)
        if self._spent + size > _HEAD_BYTES:
            raise BadAnswer(f"its headers are longer than {_HEAD_BYTES} bytes")
        if found is None:
            return False
        head = bytes(self._buffer[: found.start()])
        del self._buffer[:size]
        self._spent += size
        self._searched = 0
        self._read_head(head)
        return True

    def _read_head(self, head: bytes) -> None:
        first, *lines = head.replace(b"\r\n", b"\n").split(b"\n")
        status = _STATUS.fullmatch(first)
        if status is None:
            raise BadAnswer("it does not speak HTTP/1.1")
        if len(lines) > _MOST_HEADERS:
            raise BadAnswer(f"it has more than {_MOST_HEADERS} headers")
        self._status = int(status[2])
        if self._status == _SWITCHING:
            raise BadAnswer("it wants to speak another protocol")
        if self._status < _FINAL:
            return  # 100 and its like come before the answer
        self._headers = _headers(lines)
        words = {word.strip() for word in self._headers.get("connection", "").lower().split(",")}
        self.keeps = status[1] == b"1" and "close" not in words
        self._begin_body()

    def _begin_body(self) -> None:
        self._spent = 0
        coding = self._headers.get("transfer-encoding")
        if self._status in _WITHOUT_BODY:
            self.done = True
        elif coding is not None:
            if coding.strip().lower() != "chunked":
                raise BadAnswer("its body has a transfer coding that nobody asked for")
            self._take = self._take_size
        else:
            self._left = _length(self._headers.get("content-length"))
            self.keeps = self.keeps and self._left is not None
            self._take = self._take_rest
            self.done = self._left == 0

    def _take_rest(self) -> bool:
        taken = len(self._buffer) if self._left is None else min(self._left, len(self._buffer))
        self._keep(taken)
        if self._left is not None:
            self._left -= taken
            self.done = self.done or self._left == 0
        return False

    def _take_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = _SIZE.fullmatch(line)
        if size is None:
            raise BadAnswer("its body is not in chunks, as it said")
        self._left = int(size[1], 16)
        self._take = self._take_chunk if self._left else self._take_trailer
        return True

    def _take_chunk(self) -> bool:
        left = self._left or 0
        taken = min(left, len(self._buffer))
        self._keep(taken)
        self._left = left - taken
        if self._left:
            return False
        self._take = self._take_chunk_end
        return True

    def _take_chunk_end(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if line:
            raise BadAnswer("a chunk of its body is longer than it said")
        self._take = self._take_size
        return True

    def _take_trailer(self) -> bool:
        line = self._line()
        self.done = self.done or line == b""
        return bool(line)

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(self._buffer) >= _LONGEST_LINE:
                raise BadAnswer("its body is not in chunks, as it said")
            return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        self._spent += end + 1
        if self._spent > _FRAMING_BYTES:
            self._cut()
        return line

    def _keep(self, count: int) -> None:
        room = BODY_BYTES - len(self._body)
        self._body += self._buffer[: min(count, room)]
        del self._buffer[:count]
        if count > room:
            self._cut()

    def _cut(self) -> None:
        self._truncated = self.done = True
        self.keeps = False


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip():
            raise BadAnswer("one of its headers is none")
        key, text = name.lower(), value.strip()
        if key == "content-length" and headers.get(key, text) != text:
            raise BadAnswer("it tells two lengths of its body")
        same = key in headers and key != "content-length"
        headers[key] = f"{headers[key]}, {text}" if same else text
    return headers


def _length(written: str | None) -> int | None:
    if written is None:
        return None
    if not _DIGITS.fullmatch(written):
        raise BadAnswer("it tells no length of its body that makes sense")
    return int(written)
