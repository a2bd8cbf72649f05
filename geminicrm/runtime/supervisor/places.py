"""Where each host finds itself: what it may read, who it is, what it must not reach."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from geminicrm.runtime.host.control import HostSpec
from geminicrm.runtime.host.place import Place
from geminicrm.runtime.supervisor import host_path
from geminicrm.runtime.supervisor.reads import machine_reads
from geminicrm.runtime.supervisor.users import (
    NOT_ROOT,
    Closed,
    check_passage,
    check_reachable,
    free_user,
    open_home,
)

HOST_PATH: Final = "host-path"
CANARY: Final = "canary"
SHARED: Final = frozenset({"packages", "requirements", HOST_PATH, CANARY})
"""Entries of the home that users of hosts may reach, as far as their own modes allow."""


class Places:
    """Prepares the home for hosts once, then gives a place to each of them."""

    def __init__(self, home: Path, idle_seconds: float) -> None:
        self._home = home.resolve()
        self._idle_seconds = idle_seconds
        self.path = self._home / HOST_PATH
        self._canary = self._home / CANARY
        self._reads: tuple[str, ...] = ()
        self._closed = NOT_ROOT

    def prepare(self) -> None:
        """Make the folder that hosts import from, and the canary. Raises OSError, Incomplete."""
        targets = host_path.build(self.path)
        base = (*machine_reads(), *targets)
        self._reads = (*base, str(self.path))
        # Readable for everybody as far as the file system goes: only the locks forbid it.
        self._canary.write_text("No extension may read this.\n")
        self._canary.chmod(0o644)
        self._closed = self._closed_base(base)

    def place_for(
        self, spec: HostSpec, generation: int, parent: int, taken: Collection[int]
    ) -> Place:
        """Give the place of a generation; `taken` are the users of the hosts that live."""
        own = tuple(os.path.realpath(each) for each in (spec.folder, spec.requirements) if each)
        uid, reason = self._user(spec, own, generation, taken)
        return Place(
            generation=generation,
            reads=(*self._reads, *own),
            canary=str(self._canary),
            uid=uid,
            uid_off=reason,
            idle_seconds=self._idle_seconds,
            parent=parent,
        )

    def _user(
        self, spec: HostSpec, own: tuple[str, ...], generation: int, taken: Collection[int]
    ) -> tuple[int | None, str]:
        off = self._closed if spec.locked else "trusted"
        if off:
            return None, off
        try:
            open_home(self._home, SHARED)
            check_reachable((str(self.path), *own))
            return free_user(generation, taken), ""
        except Closed as error:
            return None, str(error)

    def _closed_base(self, base: tuple[str, ...]) -> str:
        """Say why no host can have a user of its own, if so."""
        if os.geteuid() != 0:
            return NOT_ROOT
        try:
            check_passage(self._home)
            check_reachable(base)
        except Closed as error:
            return str(error)
        return ""
