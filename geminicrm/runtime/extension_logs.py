"""The log of each installation, as the core writes and reads it.

A line too many is never a reason to fail: what can't be written is dropped, and the server's log
says so.
"""

import contextlib
import json
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import structlog

from geminicrm.runtime.host import log_files
from geminicrm.runtime.log_following import Following
from geminicrm.runtime.log_lines import Line, shaped

MOST_TEXT: Final = 4_000
MOST_FIELDS: Final = 8 * 1024
MOST_LINES: Final = 1_000
_log = structlog.get_logger(__name__)


class ExtensionLogs:
    """The files `<installation id>.log` of one folder, which hosts' output goes to as well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(
        self,
        installation_id: str,
        level: str,
        source: log_files.Source,
        message: object,
        fields: Mapping[str, object] | None = None,
    ) -> None:
        """Add a line. Never raises."""
        try:
            text = str(message)[:MOST_TEXT]
            kept = _bounded(fields) if fields else None
            log_files.append(self.folder, installation_id, level, source, text, kept)
        except Exception as error:  # noqa: BLE001 - border: whatever an extension logs, and a full disk
            _log.warning(
                "a line of an extension's log was dropped",
                installation_id=installation_id,
                error=repr(error)[:200],
            )

    def tail(self, installation_id: str, lines: int) -> list[Line]:
        """Give the last lines, the newest last."""
        return list(map(shaped, log_files.tail(self.folder, installation_id, lines)))

    def follow(self, installation_id: str) -> Following:
        """Give what tells of each new line."""
        return Following(log_files.path_of(self.folder, installation_id))

    def remove(self, installation_id: str) -> None:
        """Delete the log of an installation, if that is possible. Never raises OSError."""
        try:
            log_files.remove(self.folder, installation_id)
        except OSError as error:
            _log.warning("a log was not deleted", installation_id=installation_id, error=str(error))

    def collect(self, used: Collection[str], older_than: float) -> None:
        """Delete the logs of installations that are no more, once nobody wrote for some seconds."""
        limit = time.time() - older_than
        for path in self.folder.glob("*.log*"):
            with contextlib.suppress(FileNotFoundError):  # rotated or collected meanwhile
                if path.name.partition(".")[0] not in used and path.stat().st_mtime < limit:
                    path.unlink()


def _bounded(fields: Mapping[str, object]) -> dict[str, object]:
    size = len(json.dumps(dict(fields), default=str, ensure_ascii=False).encode(errors="replace"))
    if size <= MOST_FIELDS:
        return dict(fields)
    return {"left_out": f"{size} bytes of fields; {MOST_FIELDS} are kept"}
