"""The doors of the core in a dry run: who writes is noted, and the works keep nothing."""

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from typing_extensions import override

from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.call_context import current_call

P = ParamSpec("P")
T = TypeVar("T")


class Door(Protocol):
    """A door with the name that extensions know it by."""

    door: str


D = TypeVar("D", bound=Door)


def noted(method: Callable[Concatenate[D, P], T]) -> Callable[Concatenate[D, P], T]:
    """Have a door's method that changes something noted where the call is a dry run."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def wrapper(self: D, /, *args: P.args, **kwargs: P.kwargs) -> T:
        call = current_call()
        if call is None or call.dry_run is None:
            return method(self, *args, **kwargs)
        _, *given = signature.bind(self, *args, **kwargs).arguments.items()
        where = (call.installed.extension_id, self.door, method.__name__)
        return call.dry_run.note(where, dict(given), lambda: method(self, *args, **kwargs))

    wrapper.is_noted = True  # type: ignore[attr-defined]  # what the test of all doors goes by
    return wrapper


class CallWorks(Works):
    """What the doors of extensions read and write with: as the current call is meant."""

    def __init__(self, works: Works) -> None:
        super().__init__(works.database, works.clock)
        self._works = works

    @override
    def read(self, actor: Actor) -> contextlib.AbstractContextManager[Work]:
        return self._now().read(actor)

    @override
    def write(self, actor: Actor) -> contextlib.AbstractContextManager[Work]:
        return self._now().write(actor)

    @override
    def across_workspaces(
        self, reason: str, *, write: bool = False
    ) -> contextlib.AbstractContextManager[Work]:
        return self._now().across_workspaces(reason, write=write)

    def _now(self) -> Works:
        call = current_call()
        return self._works if call is None or call.dry_run is None else call.dry_run.works
