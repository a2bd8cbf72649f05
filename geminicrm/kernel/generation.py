"""Generations: numbers that rise when shared state changes, seen by every process at once.

The truth is a database row. A memory-mapped file mirrors it, so that a request can compare in
well under a microsecond; other machines' bumps arrive when `sync` copies the row.
"""

import fcntl
import mmap
import os
import struct
from pathlib import Path

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base
from geminicrm.kernel.work import Work

RUNTIME = "runtime"
AUTH = "auth"
CONNECTIONS = "connections"
SYNCING = "syncing"
WEBHOOKS = "webhooks"
_SLOTS = {RUNTIME: 0, AUTH: 8, CONNECTIONS: 16, SYNCING: 24, WEBHOOKS: 32}
_SIZE = 40
_NUMBER = struct.Struct("<Q")


class Generation(Base):
    """The committed number of one kind of shared state."""

    __tablename__ = "generations"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class Generations:
    """The mirror in `path`, shared by all processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._lock_file = path.open("a+b")
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        # No hole: to write to one where the disk has no room would end the process by SIGBUS.
        os.posix_fallocate(self._lock_file.fileno(), 0, _SIZE)
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)

    def close(self) -> None:
        """Unmap the file."""
        self._map.close()
        self._lock_file.close()

    def get(self, name: str) -> int:
        """Give the number this machine has seen last."""
        return int(_NUMBER.unpack_from(self._map, _SLOTS[name])[0])

    def raise_to(self, name: str, value: int) -> None:
        """Lift the mirror; it never falls, whoever writes last."""
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        try:
            if value > self.get(name):
                _NUMBER.pack_into(self._map, _SLOTS[name], value)
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def bump(self, work: Work, name: str) -> int:
        """Raise the committed number in this unit of work; the mirror follows after the commit."""
        row = work.session.get(Generation, name, with_for_update=True)
        if row is None:
            row = Generation(name=name, value=0)
            work.session.add(row)
        row.value += 1
        value = row.value
        work.after_commit(lambda: self.raise_to(name, value))
        return value

    def sync(self, work: Work) -> None:
        """Copy the committed numbers into the mirror, for bumps made on other machines."""
        for name in _SLOTS:
            row = work.session.get(Generation, name)
            if row is not None:
                self.raise_to(name, row.value)
