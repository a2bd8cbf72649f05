"""The one way out: every outside call of the core goes through `HttpClient`."""

import ssl
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from geminicrm.kernel.http.connect import connect, tls_context
from geminicrm.kernel.http.errors import ResponseBroken
from geminicrm.kernel.http.exchange import Exchange
from geminicrm.kernel.http.guard import AddressGuard, Target
from geminicrm.kernel.http.message import HttpRequest, HttpResponse, Sink
from geminicrm.kernel.http.names import Resolver, resolve
from geminicrm.kernel.http.pool import IDLE_SECONDS, Kept, Pool
from geminicrm.kernel.http.wire import Deadline, TimedSocket

# Room for head and chunk framing beside the body; it also bounds what a hostile framing can make
# `http.client` collect in one read.
_FRAMING: Final = 262_144
_POOL_SIZE: Final = 10
# Many servers close after 5 s without work. A request that can't be repeated would be lost on a
# connection that is just being closed, so it takes none that was idle for nearly as long.
_CERTAIN_SECONDS: Final = 2.0


class HttpClient:
    """Calls outside services: checked addresses, one total deadline, bounded answers.

    Follows no redirect, takes no proxy, password or key log from the environment, asks for no
    compression. Safe for many threads. Requests with the same `keep` share open connections to an
    origin; `close` ends those.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        *,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        pool_size: int = _POOL_SIZE,
    ) -> None:
        """`allow` is the operator's GEMINICRM_EGRESS_ALLOW and nothing else."""
        self.guard = AddressGuard(allow, resolver)
        # Reading all roots takes longer than all else at a start, and many processes never call.
        self._tls = cache(lambda: tls or tls_context())
        self._monotonic = monotonic
        self.pool = Pool(pool_size, monotonic)

    def request(self, request: HttpRequest) -> HttpResponse:
        """Make one call and read its whole answer.

        ValidationFailed for a method or header that may not go out; else a subclass of HttpFailed
        whose `sent` says whether the receiver may have seen anything.
        """
        return self._call(request, None)

    def stream(self, request: HttpRequest, sink: Sink) -> HttpResponse:
        """Make one call and hand the body to `sink` as it comes; the answer's own is empty.

        Raises as `request`; what came before an error has been handed on by then. `truncate` has
        no meaning here.
        """
        return self._call(request, sink)

    def close(self) -> None:
        """Close the connections that wait for a next request."""
        self.pool.close()

    def _call(self, request: HttpRequest, sink: Sink | None) -> HttpResponse:
        request.check()
        target = self.guard.parse(request.url, https_only=request.https_only)
        if target.scheme == "https":
            self._tls()  # the first call reads the roots, and that is not the other side's time
        deadline = Deadline(request.deadline_seconds, self._monotonic)
        kept = self._kept(request, target)
        if kept is not None:
            call = _Call(request, target, kept, deadline)
            try:
                return self._run(call, sink)
            except ResponseBroken:
                # The other side may have closed it just now; who got nothing has done nothing.
                if call.answered or not (request.may_repeat or not call.sent):
                    raise
        target = self.guard.pin(target, deadline.seconds)
        fresh = Kept(connect(target, deadline, self._tls), self._monotonic(), 0.0)
        return self._run(_Call(request, target, fresh, deadline), sink)

    def _kept(self, request: HttpRequest, target: Target) -> Kept | None:
        if not request.keep:
            return None
        idle = IDLE_SECONDS if request.may_repeat else _CERTAIN_SECONDS
        return self.pool.take((request.keep, target.origin), idle)

    def _run(self, call: "_Call", sink: Sink | None) -> HttpResponse:
        try:
            return call.exchange.run(sink)
        finally:
            if call.exchange.reusable:
                self.pool.give((call.keep, call.origin), call.kept.sock, call.kept.born)
            else:
                call.kept.sock.close()


class _Call:
    """One attempt on one connection."""

    def __init__(
        self, request: HttpRequest, target: Target, kept: Kept, deadline: Deadline
    ) -> None:
        self.keep = request.keep
        self.origin = target.origin
        self.kept = kept
        self._timed = TimedSocket(kept.sock, deadline, 2 * request.max_bytes + _FRAMING)
        self.exchange = Exchange(request, target, self._timed, deadline)

    @property
    def answered(self) -> bool:
        """Whether any byte came back."""
        return self._timed.answered

    @property
    def sent(self) -> bool:
        """Whether any byte may have left."""
        return self._timed.sent
