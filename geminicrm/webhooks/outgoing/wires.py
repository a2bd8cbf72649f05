"""An open connection to a receiver, in the loop of the delivery engine."""

import asyncio
from typing import Final, cast

from typing_extensions import override

from geminicrm.webhooks.outgoing.answers import Answer, AnswerReader, BadAnswer

CLOSED: Final = "it closed the connection without an answer"


class Closed(Exception):
    """The connection ended before any byte of an answer."""


class Wire(asyncio.Protocol):
    """Carries one request after the other; `usable` while another one may follow."""

    def __init__(self) -> None:
        self.born = 0.0
        self.since = 0.0
        self._transport: asyncio.Transport | None = None
        self._reader: AnswerReader | None = None
        self._answered: asyncio.Future[Answer] | None = None

    @property
    def usable(self) -> bool:
        """Whether it is open, silent, and has sent all that it was given."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and give its answer. Raises Closed, BadAnswer."""
        if self._transport is None or self._transport.is_closing():
            raise Closed(CLOSED)
        self._reader = AnswerReader()
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answered
        finally:
            # Also where the time is up: what would come later is not for the next request.
            if not (self._reader.done and self._reader.keeps):
                self.abort()
            self._reader = None

    def abort(self) -> None:
        """End at once; what was not sent yet is forgotten."""
        if self._transport is not None:
            self._transport.abort()

    # What the loop calls

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        if self._reader is None or self._reader.done:
            self.abort()  # nobody asked for it
            return
        try:
            if self._reader.feed(data):
                self._finish(self._reader)
        except BadAnswer as error:
            self._fail(error)

    @override
    def eof_received(self) -> None:
        self._end()

    @override
    def connection_lost(self, _exc: Exception | None) -> None:
        self._end()
        self._transport = None

    def _end(self) -> None:
        reader = self._reader
        if reader is None or reader.done:
            return
        reader.keeps = False
        if not reader.begun:
            self._fail(Closed(CLOSED))
            return
        try:
            reader.end()
        except BadAnswer as error:
            self._fail(error)
        else:
            self._finish(reader)

    def _finish(self, reader: AnswerReader) -> None:
        if not reader.keeps:
            self.abort()  # at once: a receiver that goes on for ever is read no further
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(reader.answer)

    def _fail(self, error: Exception) -> None:
        self.abort()
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)
