"""The current call into an extension: whose, for whom, until when."""

import contextvars
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from geminicrm.kernel.work import Actor
from geminicrm.runtime.actor import ExtensionActor, ScopeCounter, actor_for
from geminicrm.runtime.live import Installed


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


@dataclass(slots=True, eq=False)
class CallContext:
    """One call: `seconds` is its budget, `passes` are errors that are answers and no failures.

    `patience` says how many seconds it may wait for a place; `source` is where its settings are, if
    not in the installation's row. The rest is filled in while it runs.
    """

    installed: Installed
    caller: Actor
    kind: str
    seconds: float
    passes: tuple[type[Exception], ...] = ()
    patience: float = 0.1
    source: SettingsSource | None = None
    parent: "CallContext | None" = None
    abandoned: bool = False
    deadline: float = 0.0
    inner_seconds: float = 0.0
    _open: bool = False
    _counter: ScopeCounter | None = None
    _actor: ExtensionActor | None = None

    def begin(self, counter: ScopeCounter) -> None:
        """Open the doors."""
        self._counter = counter
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
            if self._counter is None:
                raise RuntimeError("the call has not begun")
            self._actor = actor_for(self.installed, self.caller, self._counter)
        return self._actor

    def chain(self) -> Iterator["CallContext"]:
        """Go through this call and those that it runs inside of."""
        call: CallContext | None = self
        while call is not None:
            yield call
            call = call.parent


# A context variable can only be a module's: each thread and task sees its own value.
_CURRENT: contextvars.ContextVar[CallContext | None] = contextvars.ContextVar(
    "geminicrm_extension_call", default=None
)
current_call = _CURRENT.get
enter_call = _CURRENT.set
leave_call = _CURRENT.reset
