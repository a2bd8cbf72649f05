"""How the last starts of the tree went, in a small file of the home.

A start is written down before it happens and crossed out once the tree has come up and stayed up.
So one whose tree was killed, or never got that far, is found by the next one.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = "starts.json"
MOST_FAILED: Final = 3
WINDOW_SECONDS: Final = 600.0


@dataclass(slots=True)
class _Kept:
    failed: list[float]
    pending: float | None


class Starts:
    """The starts of one home; `clock` gives seconds since the epoch."""

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = home / FILE
        self._clock = clock

    def begin(self) -> int:
        """Write down that a start begins; give how many failed in the last ten minutes."""
        kept = self._read()
        if kept.pending is not None:
            kept.failed.append(kept.pending)
        kept.pending = self._clock()
        self._write(kept)
        return len(kept.failed)

    def succeeded(self) -> None:
        """Take note that the tree has come up and stayed: what was before does not count."""
        self._write(_Kept([], None))

    def stopped(self) -> None:
        """Take note that somebody has stopped it, which says nothing about it."""
        kept = self._read()
        kept.pending = None
        self._write(kept)

    def failed(self) -> int:
        """Take note that it gave up; give how many starts failed in the last ten minutes."""
        kept = self._read()
        kept.failed.append(self._clock())
        kept.pending = None
        self._write(kept)
        return len(kept.failed)

    def _read(self) -> _Kept:
        try:
            said = json.loads(self._path.read_bytes())
            failed = [float(one) for one in said["failed"]]
            pending = None if said["pending"] is None else float(said["pending"])
        except (OSError, ValueError, KeyError, TypeError):
            return _Kept([], None)  # lost or half written: counting begins anew
        since = self._clock() - WINDOW_SECONDS
        return _Kept(
            [one for one in failed if one >= since],
            pending if pending is not None and pending >= since else None,
        )

    def _write(self, kept: _Kept) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({"failed": kept.failed, "pending": kept.pending}))
        new.replace(self._path)
