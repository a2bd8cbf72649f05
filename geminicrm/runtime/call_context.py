"""The current call into an extension: whose, for whom, until when."""

import contextvars
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from geminicrm.connections.opened import Opened
from geminicrm.kernel.jobs.kinds import Run
from geminicrm.kernel.work import Actor
from geminicrm.runtime.actor import ExtensionActor, UseCounter
from geminicrm.runtime.dry_run import DryRun
from geminicrm.runtime.live import Installed

T = TypeVar("T")

LiveLookup = Callable[[str], Installed | None]
"""Gives an installation by its id as it is now; one that an admin switches off, a moment longer."""


class SettingsSource(Protocol):
    """Where the settings of one installation are, stored or still being installed."""

    def plain(self) -> Mapping[str, Any]:
        """Give the plain ones that are set."""
        ...

    def secrets(self) -> Mapping[str, str]:
        """Give the secret ones in clear."""
        ...

    def save(self, values: Mapping[str, Any]) -> None:
        """Store some of them. Raises ValidationFailed."""
        ...


class _NobodyCounts:
    """Counts nothing, for dry runs."""

    def count(self, workspace_id: str, installation_id: str, scope: str, *, allowed: bool) -> None:
        """Forget it."""

    def count_host(
        self, workspace_id: str, installation_id: str, host: str, *, allowed: bool
    ) -> None:
        """Forget it."""


@dataclass(slots=True, eq=False)
class CallContext:
    """One call: `seconds` is its budget, `passes` are errors that are answers and no failures.

    `patience` says how many seconds it may wait for a place; `source` is where its settings are, if
    not in the installation's row; `draft` says that there may be no row yet, or that it may be
    switched off; `run` is the attempt at a job that it makes; `connection` is the id of that which
    it is made for, where somebody has chosen. `dry_run` notes what it would do, and
    then nothing of it happens, nor of what is called inside of it. The rest is filled in while it
    runs.
    """

    installed: Installed
    caller: Actor
    kind: str
    seconds: float
    passes: tuple[type[Exception], ...] = ()
    patience: float = 0.1
    source: SettingsSource | None = None
    draft: bool = False
    run: Run | None = None
    connection: str | None = None
    opened: Opened | None = None
    dry_run: DryRun | None = None
    parent: "CallContext | None" = None
    abandoned: bool = False
    deadline: float = 0.0
    inner_seconds: float = 0.0
    _open: bool = False
    _counter: UseCounter | None = None
    _live: LiveLookup | None = None
    _actor: ExtensionActor | None = None

    def begin(self, counter: UseCounter, live: LiveLookup) -> None:
        """Open the doors; `live` gives the grant as it is when it is asked for."""
        if self.dry_run is None and self.parent is not None:
            self.dry_run = self.parent.dry_run
        self._counter = counter if self.dry_run is None else _NobodyCounts()
        self._live = live
        self.deadline = time.monotonic() + self.seconds
        self._open = True

    def end(self) -> None:
        """Close the doors: what the extension left running reaches nothing any more."""
        self._open = False

    @property
    def is_open(self) -> bool:
        """Whether the doors of the core answer to this call."""
        return self._open

    @property
    def actor(self) -> ExtensionActor:
        """Who acts; made when first asked for, since most hooks never ask."""
        if self._actor is None:
            installed = self.installed
            self._actor = ExtensionActor(
                installation_id=installed.id,
                id=installed.extension_id,
                label=installed.name,
                workspace_id=installed.workspace_id,
                caller=self.caller,
                now=self.now,
                counter=self._begun(self._counter),
            )
        return self._actor

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that it may call now."""
        installed = self.now()
        return installed.hosts if installed is not None else frozenset()

    def now(self) -> Installed | None:
        """Give the installation as it is at this moment; None once it is gone.

        A draft stands for itself until its row is there: nobody can have trimmed it. A call into a
        version that was replaced meanwhile ends with the rights it began with, less those that the
        new one asks for as well and has not got: somebody took them away.
        """
        if self.dry_run is not None:
            return self.installed  # another version, perhaps, and one that is switched off
        found = self._begun(self._live)(self.installed.id)
        if found is None:
            return self.installed if self.draft else None
        if found.digest == self.installed.digest or self.draft:
            return found
        manifest = found.manifest
        asked = {*manifest.permissions, *manifest.optional_permissions}
        return replace(self.installed, granted=self.installed.granted - (asked - found.granted))

    def count_host(self, host: str, *, allowed: bool) -> None:
        """Count one outside call."""
        one = self.installed
        counter = self._begun(self._counter)
        counter.count_host(one.workspace_id, one.id, host, allowed=allowed)

    def about(self) -> dict[str, str]:
        """Say in a log whose call it is."""
        return {
            "extension_id": self.installed.extension_id,
            "installation_id": self.installed.id,
            "workspace_id": self.installed.workspace_id,
            "call": self.kind,
        }

    def chain(self) -> Iterator["CallContext"]:
        """Go through this call and those that it runs inside of."""
        call: CallContext | None = self
        while call is not None:
            yield call
            call = call.parent

    @staticmethod
    def _begun(part: T | None) -> T:
        if part is None:
            raise RuntimeError("the call has not begun")
        return part


# A context variable can only be a module's: each thread and task sees its own value.
_CURRENT: contextvars.ContextVar[CallContext | None] = contextvars.ContextVar(
    "geminicrm_extension_call", default=None
)
current_call = _CURRENT.get
enter_call = _CURRENT.set
leave_call = _CURRENT.reset
