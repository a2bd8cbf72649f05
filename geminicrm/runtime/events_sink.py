"""The outbox's sink for extensions: each committed event to those whose manifest asks for it."""

import math
from collections.abc import Sequence

from extensions.sdk.errors import Unavailable
from extensions.sdk.events import Event
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.jobs.kinds import Postponed
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.failures import InSafeMode
from geminicrm.runtime.host.parts import Hook
from geminicrm.runtime.live import Installed
from geminicrm.runtime.postponing import postponing
from geminicrm.runtime.table import Table, wants_event

_HOOK = "on_event"
_PATIENCE_SECONDS = 5.0
_AWAY_SECONDS = 5.0


class ExtensionSink:
    """Implements the relay's Sink; a target is an installation's id.

    The events of one record come in their order: what a handler does with an update may lean on
    what it did with the creation.
    """

    name = "extensions"
    ordered = True

    def __init__(self, convergence: Convergence, calls: Calls, seconds: float) -> None:
        self._convergence = convergence
        self._calls = calls
        self._seconds = seconds
        # What it waits for its place comes on top.
        self.seconds = math.ceil(seconds + _PATIENCE_SECONDS)

    def targets(self, event: StoredEvent) -> Sequence[str]:
        """Name the installations that get the event, those too that can't be given it just now."""
        return self._table().interested(event)

    def deliver(self, target: str, event: StoredEvent, attempt: int) -> None:
        """Run `on_event` by a deadline with the grant alone; any error means try again.

        The SDK's Unavailable is the expected one: it does not count against the extension. Where
        its code could not be run at all the event waits, with no attempt spent: Postponed.

        Who has been switched off, removed, or lost the permission meanwhile gets nothing more.
        """
        with postponing():
            table = self._table()
            waited_for = table.waited_for(target)
            if waited_for is not None:
                raise Postponed(f"it is not served here: {waited_for.why}", _AWAY_SECONDS)
            installed = table.by_id.get(target)
            hook = installed.loaded.hooks.get(_HOOK) if installed is not None else None
            if installed is None or hook is None or not wants_event(installed, event.type):
                return
            self._call(installed, hook, event, attempt)

    def _call(self, installed: Installed, hook: Hook, event: StoredEvent, attempt: int) -> None:
        given = Event(
            id=event.id,
            type=event.type,
            schema_version=event.schema_version,
            object_version=event.object_version,
            timestamp=event.timestamp,
            workspace_id=event.workspace_id,
            data=event.data,
            attempt=attempt,
        )
        core = SystemActor(event.workspace_id)
        call = CallContext(
            installed, core, _HOOK, self._seconds, (Unavailable,), patience=_PATIENCE_SECONDS
        )
        self._calls.run_with_deadline(call, lambda: hook.call(given))

    def _table(self) -> Table:
        table = self._convergence.current()
        if table.safe:
            raise InSafeMode("events wait")
        return table
