"""Outside calls of an extension: only to the hosts that it named and an admin granted."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

from extensions.sdk import errors as sdk
from extensions.sdk.context import HttpResponse
from geminicrm.connections.outgoing.calls import MOST_RETRIES, OutsideCall
from geminicrm.connections.outgoing.client import OutsideClient
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.http import AddressRefused, HttpFailed, HttpRequest
from geminicrm.kernel.http import HttpResponse as Answer
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.connecting import Connecting
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.hosts import fitting, shown_host, spelled
from geminicrm.runtime.http_request import LONGEST_SECONDS, Asked, request_of
from geminicrm.runtime.sdk_errors import to_sdk

# What guard.py says of an address that nobody could call.
_UNREADABLE = frozenset({"url", "host"})
# What stands for the answer to a request that was not sent.
_DRY = HttpResponse(200, {"Content-Type": "application/json"}, b"{}")


class ExtensionHttp:
    """Implements the SDK's HttpDoor over the core's HTTP client."""

    door = "http"

    def __init__(
        self, outside: OutsideClient, connecting: Connecting, call: Callable[[], CallContext]
    ) -> None:
        self._outside = outside
        self._connecting = connecting
        self._call = call

    @noted
    def request(  # noqa: PLR0913 - all but two by name
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | None = None,
        timeout: float = LONGEST_SECONDS,
        retries: int = MOST_RETRIES,
        idempotency_key: str | None = None,
        idempotency_header: str = "Idempotency-Key",
        cache_seconds: float = 0.0,
    ) -> HttpResponse:
        """Send one request; Invalid, HttpNotAllowed or HttpFailed where there is no answer.

        RateLimited, ServiceUnavailable and AuthenticationError where nothing was sent for reasons
        of the connection. In a dry run nothing is sent, whatever the method: the answer is 200
        with `{}`.
        """
        call = self._call()
        asked = Asked(
            method=method,
            url=url,
            headers=headers,
            json=json,
            body=body,
            timeout=timeout,
            retries=retries,
            idempotency_key=idempotency_key,
            idempotency_header=idempotency_header,
            cache_seconds=cache_seconds,
        )
        with _translated():
            request = request_of(asked, call)
            entry = self._check(call, url)
            if call.dry_run is not None:
                return _DRY
            answer = self._send(call, entry, self._outside_call(call, request, asked))
        return HttpResponse(answer.status, answer.headers, answer.body)

    def _outside_call(self, call: CallContext, request: HttpRequest, asked: Asked) -> OutsideCall:
        return OutsideCall(
            request=request,
            workspace_id=call.installed.workspace_id,
            installation_id=call.installed.id,
            extension_id=call.installed.extension_id,
            operation=call.kind,
            actor_kind=call.caller.kind,
            actor_id=call.caller.id,
            opened=self._connecting.of(call),
            retries=asked.retries,
            cache_seconds=asked.cache_seconds,
        )

    def _check(self, call: CallContext, url: str) -> str:
        # The client's own parser: two readings of one address are how allow-lists are passed by.
        target = self._outside.guard.parse(url, https_only=False)
        entry = fitting(target.host, target.port, call.hosts | self._connecting.hosts(call))
        if entry is None:
            call.count_host(spelled(target.host, target.port), allowed=False)
            raise sdk.HttpNotAllowed(target.host)
        return entry

    def _send(self, call: CallContext, entry: str, outside: OutsideCall) -> Answer:
        """Send it, counted by the entry that allowed it: `*.example.com` stays one line."""
        allowed = True
        try:
            return self._outside.send(outside)
        except AddressRefused:
            allowed = False
            raise
        finally:
            call.count_host(shown_host(entry), allowed=allowed)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of the client into those of the SDK."""
    try:
        yield
    except AddressRefused as error:
        if error.reason in _UNREADABLE:
            raise sdk.Invalid([sdk.Finding("/url", "wrong_value", error.detail)]) from error
        raise sdk.HttpNotAllowed(error.where) from error
    except HttpFailed as error:
        raise sdk.HttpFailed(error.detail, sent=error.sent) from error
    except ValidationFailed as error:
        raise to_sdk(error, "request", "") from error
