"""`app.limits` in process: turns of the current connection for what is sent without `http`."""

import time
from collections.abc import Callable

from extensions.sdk import errors as sdk
from extensions.sdk.limits import Counts
from extensions.sdk.service_errors import NotConnected
from geminicrm.connections.outgoing.limits import Limits
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.connecting import Connecting
from geminicrm.runtime.dry_doors import noted

_MOST = 100_000
_SHARE = 0.8  # of the time that the call has left: the rest is for what is sent then


class ExtensionLimits:
    """Implements the SDK's LimitsDoor."""

    door = "limits"

    def __init__(
        self, limits: Limits, connecting: Connecting, call: Callable[[], CallContext]
    ) -> None:
        self._limits = limits
        self._connecting = connecting
        self._call = call

    @noted
    def take(self, counts: Counts, count: int = 1) -> None:
        """Wait for one's turn; in a dry run none is taken.

        Raises RateLimited where it comes too late for this call, NotConnected, Invalid.
        """
        call = self._call()
        if counts not in {"requests", "messages"} or not 1 <= count <= _MOST:
            text = f"Give requests or messages, and a number from 1 to {_MOST:,}."
            raise sdk.Invalid([sdk.Finding("/counts", "wrong_value", text)])
        opened = self._connecting.of(call)
        if opened is None:
            raise NotConnected(call.installed.extension_id)
        if call.dry_run is None:
            left = max(0.0, call.deadline - time.monotonic())
            self._limits.take(opened, counts, count, left * _SHARE)
