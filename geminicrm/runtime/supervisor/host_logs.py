"""The supervisor's use of the logs of installations; a log that can't be written ends nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from geminicrm.runtime.host import log_files
from geminicrm.runtime.supervisor import voice

LAST: Final = 20
_MOST: Final = 1_900


class HostLogs:
    """Writes to the logs below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, installation_id: str, level: str, message: str, **fields: object) -> None:
        """Write what the supervisor did with a host."""
        self._append(installation_id, level, "supervisor", (message,), fields)

    def output(self, installation_id: str, lines: Sequence[str]) -> None:
        """Write what a host printed."""
        self._append(installation_id, "info", "output", lines, {})

    def last(self, installation_id: str) -> tuple[str, ...]:
        """Give the last lines for people."""
        try:
            entries = log_files.tail(self._folder, installation_id, LAST)
        except (OSError, ValueError):
            return ()
        return tuple(_readable(entry)[:_MOST] for entry in entries)

    def forget(self, installation_id: str) -> None:
        """Delete the log of what was never installed."""
        try:
            log_files.remove(self._folder, installation_id)
        except (OSError, ValueError) as error:
            voice.say("warning", "a log can't be deleted", error=str(error))

    def _append(
        self,
        installation_id: str,
        level: str,
        source: log_files.Source,
        lines: Sequence[str],
        fields: dict[str, Any],
    ) -> None:
        try:
            for line in lines:
                log_files.append(self._folder, installation_id, level, source, line, fields or None)
        except (OSError, ValueError) as error:
            voice.say("warning", "a log can't be written", error=str(error))


def _readable(entry: dict[str, Any]) -> str:
    return f"{entry.get('at')} {entry.get('level')} {entry.get('message')}"
