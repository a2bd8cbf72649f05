"""The client behind the SDK's `http`: credentials, limits, repetitions, and a note of it all."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import structlog

from extensions.sdk.service_errors import ServiceError
from geminicrm.connections.injection import injected, needs_token
from geminicrm.connections.opened import Opened
from geminicrm.connections.outgoing.cache import AnswerCache, asking_for_news
from geminicrm.connections.outgoing.call_log import CallLog
from geminicrm.connections.outgoing.calls import OutsideCall
from geminicrm.connections.outgoing.limits import Limits
from geminicrm.connections.outgoing.lines import line_of, outcome_of
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.connections.outgoing.retrying import (
    TOO_MANY,
    after_answer,
    after_error,
    retry_after,
)
from geminicrm.connections.outgoing.standing import Standing
from geminicrm.connections.table import ConnectionTable
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import (
    AddressRefused,
    HttpClient,
    HttpFailed,
    HttpRequest,
    HttpResponse,
    HttpTimeout,
)
from geminicrm.kernel.work import Works

_UNAUTHORIZED: Final = 401
_FAULT: Final = 500
# So much of the time may pass in waiting for a turn: the rest is for the call itself.
_SHARE: Final = 0.8
_log = structlog.get_logger(__name__)


class OutsideMetrics(Protocol):
    """Where outside calls are counted."""

    def outside_call(
        self,
        extension_id: str,
        connection_id: str | None,
        outcome: str,
        seconds: float,
        *,
        sent: bool,
    ) -> None:
        """Count one; outcome is ok, refused, failed or unknown."""
        ...


@dataclass(slots=True)
class _Tried:
    """How far one call has come."""

    at: datetime
    started: float
    attempts: int = 0
    token: str | None = None
    renewed: bool = False


class OutsideClient:
    """Makes the outside calls of extensions; safe for many threads. `stop` writes the log down."""

    def __init__(
        self,
        works: Works,
        generations: Generations,
        http: HttpClient,
        metrics: OutsideMetrics,
        table: ConnectionTable,
        pace: Pace | None = None,
    ) -> None:
        self.pace = pace or Pace()
        self.log = CallLog(works, http.pool.tidy)
        self.limits = Limits(works, self.pace)
        self.standing = Standing(works, generations, table, self.pace)
        self.guard = http.guard
        self._clock = works.clock
        self._http = http
        self._metrics = metrics
        self._cache = AnswerCache(self.pace)

    def stop(self) -> None:
        """Write the rest of the log down."""
        self.log.stop()

    def send(self, call: OutsideCall) -> HttpResponse:
        """Make a call, again where that does no harm, until its deadline at most.

        Raises ValidationFailed, a subclass of HttpFailed, or the SDK's RateLimited,
        ServiceUnavailable and AuthenticationError, with which nothing was sent.
        """
        stored = self._cache.find(call)
        if stored is not None and self._cache.serves(stored):
            return stored.answer
        tried = _Tried(self._clock.now(), self.pace.monotonic())
        asked = replace(
            call,
            request=replace(asking_for_news(call.request, stored), keep=call.keeper),
        )
        try:
            answer = self._until_done(asked, tried)
        except (HttpFailed, ServiceError) as error:
            self._note(call, tried, error)
            if call.opened is not None and isinstance(error, HttpFailed):
                self._failed(call.opened, error)
            raise
        self._note(call, tried, answer)
        if call.opened is not None:
            self._answered(call.opened, answer)
        return self._cache.keep(call, stored, answer)

    def _until_done(self, call: OutsideCall, tried: _Tried) -> HttpResponse:
        if call.opened is not None:
            self.standing.gate(call.opened, self._left(call, tried) * _SHARE)
        while True:
            try:
                answer = self._once(call, tried)
            except HttpFailed as error:
                wait = after_error(call, error, tried.attempts, self.pace)
                if wait is None or wait >= self._left(call, tried):
                    raise
            else:
                wait = self._wait_after(call, answer, tried)
                if wait is None or wait >= self._left(call, tried):
                    return answer
            if wait:
                self.pace.sleep(wait)

    def _once(self, call: OutsideCall, tried: _Tried) -> HttpResponse:
        if call.opened is not None:
            share = max(0.0, self._left(call, tried)) * _SHARE
            self.limits.take(call.opened, "requests", 1, share)
        left = self._left(call, tried)
        if left <= 0:
            raise HttpTimeout(
                "The time of the call is over.", where="", stage="send", sent=tried.attempts > 0
            )
        request = replace(self._signed(call, tried), deadline_seconds=left)
        tried.attempts += 1
        return self._http.request(request)

    def _signed(self, call: OutsideCall, tried: _Tried) -> HttpRequest:
        opened = call.opened
        if opened is None:
            return call.request
        if tried.token is None and needs_token(opened):
            tried.token = opened.tokens.access_token(opened.connection, opened.way)
        return injected(call.request, opened, tried.token)

    def _wait_after(self, call: OutsideCall, answer: HttpResponse, tried: _Tried) -> float | None:
        if call.opened is not None:
            if answer.status == TOO_MANY:
                asked = retry_after(answer.headers, self.pace)
                if asked:
                    self.standing.limited(call.opened, asked)
            elif answer.status == _UNAUTHORIZED and self._renewed(call.opened, tried):
                return 0.0
        return after_answer(call, answer, tried.attempts, self.pace)

    def _renewed(self, opened: Opened, tried: _Tried) -> bool:
        """Tell whether there is another token: who was refused has done nothing yet."""
        if tried.renewed or tried.token is None:
            return False
        tried.renewed = True
        tried.token = opened.tokens.refused(opened.connection, opened.way, tried.token)
        return tried.token is not None

    def _left(self, call: OutsideCall, tried: _Tried) -> float:
        return call.request.deadline_seconds - (self.pace.monotonic() - tried.started)

    def _failed(self, opened: Opened, error: HttpFailed) -> None:
        if not isinstance(error, AddressRefused):
            self.standing.failed(opened, error.detail)

    def _answered(self, opened: Opened, answer: HttpResponse) -> None:
        if answer.status >= _FAULT:
            self.standing.failed(opened, f"{opened.service.name} answers {answer.status}.")
        elif answer.status == _UNAUTHORIZED:
            self.standing.refused(opened)
        elif answer.status != TOO_MANY:
            self.standing.well(opened)

    def _note(
        self, call: OutsideCall, tried: _Tried, end: HttpResponse | HttpFailed | ServiceError
    ) -> None:
        seconds = self.pace.monotonic() - tried.started
        outcome = outcome_of(call, end)
        target = self.guard.parse(call.request.url)
        connection_id = call.opened.connection.id if call.opened is not None else None
        self._metrics.outside_call(
            call.extension_id, connection_id, outcome, seconds, sent=tried.attempts > 0
        )
        milliseconds = round(seconds * 1000)
        self.log.note(
            line_of(call, end, target.host_header)
            | {
                "at": tried.at,
                "outcome": outcome,
                "milliseconds": milliseconds,
                "attempts": tried.attempts,
            }
        )
        _log.info(
            "extension called out",
            extension_id=call.extension_id,
            workspace_id=call.workspace_id,
            method=call.request.method,
            where=target.origin,  # not the path, which may hold a secret
            outcome=outcome,
            status=end.status if isinstance(end, HttpResponse) else None,
            milliseconds=milliseconds,
            attempts=tried.attempts,
        )
