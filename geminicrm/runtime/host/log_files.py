"""The log of each installation: one JSON object a line, written by several processes.

`{"at", "level", "source", "message", "fields"?}`, with `source` log (the extension's own lines),
output (what its process printed), supervisor, or core (how a call failed). A file that would grow
beyond MOST_BYTES becomes `.1`, and the `.1` before it goes.
"""

import fcntl
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

MOST_BYTES: Final = 1024 * 1024
MOST_TEXT: Final = 4_000
MOST_LINE: Final = 16_000
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
Source: TypeAlias = Literal["log", "output", "supervisor", "core"]


def append(
    folder: Path,
    installation_id: str,
    level: str,
    source: Source,
    message: str,
    fields: Mapping[str, Any] | None = None,
) -> None:
    """Add one line; a message is cut at MOST_TEXT characters, fields that are too long go.

    Raises ValueError for an id that is no plain file name, and OSError.
    """
    line = _line(level, source, message, fields)
    path = path_of(folder, installation_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = _opened(path)
    try:
        if os.fstat(descriptor).st_size + len(line) > MOST_BYTES:
            path.replace(path.with_suffix(".log.1"))
            os.close(descriptor)
            descriptor = _opened(path)
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def tail(folder: Path, installation_id: str, lines: int) -> list[dict[str, Any]]:
    """Give the last lines, the oldest first; what is no line of ours is left out."""
    path = path_of(folder, installation_id)
    found: list[bytes] = []
    for each in (path.with_suffix(".log.1"), path):
        with suppress(FileNotFoundError):
            found += each.read_bytes().splitlines()
    wanted = found[-lines:] if lines > 0 else []
    return [entry for entry in map(entry_of, wanted) if entry is not None]


def remove(folder: Path, installation_id: str) -> None:
    """Delete the files of an installation that is no more."""
    path = path_of(folder, installation_id)
    for each in (path.with_suffix(".log.1"), path):
        each.unlink(missing_ok=True)


def path_of(folder: Path, installation_id: str) -> Path:
    """Give the file of an installation; ValueError for an id that is no plain file name."""
    if not _NAME.fullmatch(installation_id):
        raise ValueError(f"{installation_id!r} is no id of an installation")
    return folder / f"{installation_id}.log"


def _opened(path: Path) -> int:
    """Open for adding, with the lock held; anew where another process has just rotated."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def _line(level: str, source: Source, message: str, fields: Mapping[str, Any] | None) -> bytes:
    entry: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "source": source,
        "message": message[:MOST_TEXT],
    }
    whole = _dumped({**entry, "fields": dict(fields)} if fields else entry)
    return whole if len(whole) <= MOST_LINE else _dumped(entry)


def _dumped(entry: dict[str, Any]) -> bytes:
    # A lone surrogate, which JSON may carry, can't be written as UTF-8: ASCII holds everything.
    return json.dumps(entry, default=str).encode("ascii") + b"\n"


def entry_of(line: bytes) -> dict[str, Any] | None:
    """Read one line; None where it is none of ours."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
