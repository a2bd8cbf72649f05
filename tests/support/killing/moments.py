"""Where a process may be killed: around each step that others can see, counted at the borders."""

import functools
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from geminicrm.kernel.tenancy import WorkspaceSession
from geminicrm.runtime.runner import InstallRunner

BORDERS: tuple[tuple[Any, str], ...] = (
    (WorkspaceSession, "commit"),
    (InstallRunner, "probe"),
    (InstallRunner, "load"),
    (InstallRunner, "unload"),
    (InstallRunner, "install"),
    (InstallRunner, "uninstall"),
    (os, "fsync"),
    (os, "rename"),
    (os, "replace"),
    (os, "rmdir"),
    (os, "unlink"),
)


class Moments:
    """Counts moments by name; at the one called for, the process kills itself as `kill -9` does."""

    def __init__(self, kill_at: int) -> None:
        self.names: list[str] = []
        self._kill_at = kill_at
        self._lock = threading.Lock()

    def come(self, name: str) -> None:
        """Take note of a moment; the first is number 1, and 0 is none."""
        with self._lock:
            self.names.append(name)
            if len(self.names) == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Have a moment before and after every act at a border, from now on."""
        for owner, name in BORDERS:
            setattr(owner, name, self._around(getattr(owner, name), name))

    def _around(self, act: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(act)
        def watched(*given: Any, **named: Any) -> Any:
            self.come(f"before {name}")
            answer = act(*given, **named)
            self.come(f"after {name}")
            return answer

        return watched
