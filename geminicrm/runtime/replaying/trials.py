"""A recorded event, run against a version with every write blocked."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from extensions.sdk.errors import Unavailable
from extensions.sdk.events import Event
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.dry_run import MOST_LINES, DryRun
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.failures import ExtensionFailed, ExtensionTimeout
from geminicrm.runtime.hosting.hosting import Hosting
from geminicrm.runtime.live import LoadedVersion
from geminicrm.runtime.replaying.candidates import Candidate
from geminicrm.runtime.table import wants_event
from geminicrm.runtime.versions import Versions

ATTEMPT: Final = 2
"""What the handler is told: it may have seen the event before."""
_HOOK: Final = "on_event"
_PATIENCE_SECONDS: Final = 1.0
Outcome = Literal["ok", "error", "timeout", "not_wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a dry run; `actions` and `logs` are in the order in which they came."""

    extension_id: str
    version: str
    event: StoredEvent
    outcome: Outcome
    where: str = ""
    reason: str = ""
    milliseconds: float = 0.0
    actions: tuple[dict[str, Any], ...] = ()
    logs: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give it as the API shows it."""
        return {
            "dry_run": True,
            "extension_id": self.extension_id,
            "version": self.version,
            "event": {
                "id": self.event.id,
                "type": self.event.type,
                "object_id": self.event.object_id,
                "timestamp": format_instant(self.event.timestamp),
            },
            "outcome": self.outcome,
            "where": self.where,
            "reason": self.reason,
            "milliseconds": self.milliseconds,
            "actions": list(self.actions),
            "logs": list(self.logs),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialParts:
    """What trials are made with; `seconds` is what a handler may take."""

    works: Works
    vault: Vault
    versions: Versions
    hosting: Hosting
    calls: Calls
    logs: ExtensionLogs
    tidy: Callable[[], object]
    seconds: float


class Trials:
    """Makes dry runs."""

    def __init__(self, parts: TrialParts) -> None:
        self._parts = parts

    def run(self, candidate: Candidate, event: StoredEvent) -> Trial:
        """Run the event's handler once, in a host of its own if it is not built in.

        Raises HostUnavailable, ExtensionBusy, PackageAway.
        """
        if not wants_event(candidate, event.type):
            reason = "It does not ask for such events, or may not read such records."
            return self._said(candidate, event, "not_wanted", reason=reason)
        self._parts.versions.packages.ensure(candidate.digest)
        dry = self._dry_run(candidate)
        printed: list[dict[str, Any]] = []
        started = time.perf_counter()
        try:
            with self._loaded(candidate, printed) as loaded:
                found = self._call(candidate, loaded, event, dry)
        except ExtensionFailed as error:  # it can't be loaded
            found = self._failed(candidate, event, error, dry, time.perf_counter() - started)
        lines = [{**one, "message": dry.shown(one["message"])} for one in printed]
        return replace(found, actions=tuple(dry.actions), logs=(*dry.lines, *lines))

    def _call(
        self, candidate: Candidate, loaded: LoadedVersion, event: StoredEvent, dry: DryRun
    ) -> Trial:
        hook = loaded.hooks.get(_HOOK)
        if hook is None:
            reason = f"It has no {_HOOK}."
            return self._said(candidate, event, "not_wanted", reason=reason)
        call = CallContext(
            candidate.installed(loaded),
            SystemActor(event.workspace_id),
            _HOOK,
            self._parts.seconds,
            (Unavailable,),
            patience=_PATIENCE_SECONDS,
            dry_run=dry,
        )
        given = _told(event)
        started = time.perf_counter()

        def took() -> float:
            # The start of its host is none of its doing.
            return time.perf_counter() - started - call.inner_seconds

        try:
            self._parts.calls.run_with_deadline(call, lambda: hook.call(given))
        except ExtensionFailed as error:
            return self._failed(candidate, event, error, dry, took())
        except Unavailable as error:
            reason = dry.shown(f"Unavailable: {error} It would be called again later.")
            return self._said(candidate, event, "error", took(), reason=reason)
        return self._said(candidate, event, "ok", took())

    def _failed(
        self,
        candidate: Candidate,
        event: StoredEvent,
        error: ExtensionFailed,
        dry: DryRun,
        seconds: float,
    ) -> Trial:
        outcome: Outcome = "timeout" if isinstance(error, ExtensionTimeout) else "error"
        reason = dry.shown(error.reason)
        return self._said(candidate, event, outcome, seconds, where=error.where, reason=reason)

    @staticmethod
    def _said(
        candidate: Candidate,
        event: StoredEvent,
        outcome: Outcome,
        seconds: float = 0.0,
        *,
        where: str = "",
        reason: str = "",
    ) -> Trial:
        return Trial(
            extension_id=candidate.row.extension_id,
            version=candidate.manifest.version,
            event=event,
            outcome=outcome,
            milliseconds=round(seconds * 1000, 1),
            where=where,
            reason=reason,
        )

    def _dry_run(self, candidate: Candidate) -> DryRun:
        secret = {one.id for one in candidate.manifest.settings if one.secret}
        values = self._parts.vault.readable(candidate.secrets).values()
        return DryRun(self._parts.works, list(values), secret)

    @contextlib.contextmanager
    def _loaded(
        self, candidate: Candidate, printed: list[dict[str, Any]]
    ) -> Iterator[LoadedVersion]:
        """Load it for this one call.

        Its host is nobody else's: one that is ended at its deadline takes no real call along, and
        what it leaves behind in memory is gone. `printed` gets what it wrote to its output.
        """
        parts, host_id = self._parts, new_id("dry")
        code = candidate.code(host_id)
        try:
            yield parts.versions.serving(code, candidate.manifest, draft=True)
        finally:
            if candidate.built_in:
                parts.tidy()
            else:
                parts.hosting.end(code.host)
                printed += _output(parts.logs, host_id)
                parts.logs.remove(host_id)


def _told(event: StoredEvent) -> Event:
    return Event(
        id=event.id,
        type=event.type,
        schema_version=event.schema_version,
        object_version=event.object_version,
        timestamp=event.timestamp,
        workspace_id=event.workspace_id,
        data=event.data,
        attempt=ATTEMPT,
    )


def _output(logs: ExtensionLogs, host_id: str) -> list[dict[str, Any]]:
    return [
        {"level": "output", "message": one["message"], "fields": {}}
        for one in logs.tail(host_id, MOST_LINES)
        if one["source"] == "output"
    ]
