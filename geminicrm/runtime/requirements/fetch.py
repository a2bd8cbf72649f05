"""Fetching what a lock file pins: wheels only, by hash, from the index that pip is set to here."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from geminicrm.runtime.requirements.cache import digest_of
from geminicrm.runtime.requirements.lock_file import Pin, write_lock
from geminicrm.runtime.requirements.pip import FETCH_SECONDS, run_pip
from geminicrm.runtime.requirements.problems import FetchFailed
from geminicrm.runtime.requirements.wheel import SUFFIX


class Fetch(Protocol):
    """Where wheels come from when they are not here."""

    def __call__(self, pins: Sequence[Pin], into: Path) -> Mapping[str, Path]:
        """Bring a wheel for each pin into a folder; give them by SHA-256. Raises FetchFailed."""
        ...


@dataclass(frozen=True, kw_only=True)
class PipFetch:
    """Fetches by `pip download`; `environment` is what pip's configuration is read from."""

    seconds: float = FETCH_SECONDS
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def __call__(self, pins: Sequence[Pin], into: Path) -> Mapping[str, Path]:
        """Fetch them all at once; pip compares the hashes, and so do we. Raises FetchFailed."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as wishes:
            # Written anew from what was read: no option of a stranger's file reaches pip.
            wishes.write(write_lock(pins, ""))
            wishes.flush()
            run_pip(
                "download",
                [
                    "--no-deps",
                    "--only-binary=:all:",
                    "--require-hashes",
                    f"--dest={into}",
                    f"--requirement={wishes.name}",
                ],
                self.seconds,
                self.environment,
            )
        found = {digest_of(path): path for path in sorted(into.glob(f"*{SUFFIX}"))}
        for pin in pins:
            if found.keys().isdisjoint(pin.hashes):
                raise FetchFailed(f"pip brought no wheel of {pin.name} {pin.version}.")
        return found
