"""The book of failures: a line in the installation's log, and a count for the author."""

import re
import threading
from dataclasses import dataclass
from typing import Protocol

from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.live import Installed

MOST_KEPT = 1000
_MOST_REASON = 200
# What an error quotes may be a customer's: only its shape goes to the author.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ADDRESS = re.compile(r"\S+@\S+|\w+://\S+")
_WORD_WITH_DIGITS = re.compile(r"\S*\d\S*")


@dataclass(frozen=True, slots=True)
class Failure:
    """Failures of one version that are alike; `reason` names the error, and quotes nothing."""

    extension_id: str
    version: str
    kind: str
    place: str
    reason: str
    installation_id: str


class FailureLog(Protocol):
    """Where a failure is written down for whoever looks after the extension, and its author."""

    def failed(self, installed: Installed, kind: str, error: ExtensionFailed) -> None:
        """Take a failure of a kind of call down. Never raises."""
        ...


class FailureBook:
    """Writes failures down; those for the authors wait in memory until `take`."""

    def __init__(self, logs: ExtensionLogs) -> None:
        self._logs = logs
        self._lock = threading.Lock()
        self._counts: dict[Failure, int] = {}

    def failed(self, installed: Installed, kind: str, error: ExtensionFailed) -> None:
        """Take a failure down. Never raises; beyond MOST_KEPT kinds the rest is not counted."""
        self._logs.write(installed.id, "error", "core", str(error))
        failure = Failure(
            installed.extension_id,
            installed.manifest.version,
            kind,
            error.where,
            without_data(error.reason),
            installed.id,
        )
        with self._lock:
            if failure in self._counts or len(self._counts) < MOST_KEPT:
                self._counts[failure] = self._counts.get(failure, 0) + 1

    def take(self) -> dict[Failure, int]:
        """Give what was counted since the last time, and forget it."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts


def without_data(reason: str) -> str:
    """Give an error's text without what it may quote: strings, addresses, numbers."""
    kind, colon, text = reason.partition(":")
    text = _QUOTED.sub("'…'", text)
    text = _ADDRESS.sub("…", text)
    text = _WORD_WITH_DIGITS.sub("…", text)
    return f"{kind}{colon}{text}"[:_MOST_REASON]
