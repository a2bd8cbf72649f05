"""Installations that an admin has just switched off: calls that run in them may end."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from geminicrm.kernel.work import Work
from geminicrm.runtime.live import Installed
from geminicrm.runtime.models import Installation

GRACE_SECONDS: Final = 60.0
"""Longer than any call may take."""


class Leaving:
    """Keeps them for a minute, with no more rights than their rows have left.

    Only those that somebody switched off in peace: what was uninstalled, crashed or is quarantined
    reaches nothing from that moment on.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since: dict[str, float] = {}

    def look(
        self, work: Work, before: Mapping[str, Installed], enabled: Collection[str]
    ) -> dict[str, Installed]:
        """Give those of `before` that an admin has switched off; `enabled` are the ids that run."""
        now = self._monotonic()
        gone = {key: one for key, one in before.items() if key not in enabled}
        since = {key: self._since.get(key, now) for key in gone}
        self._since = {key: at for key, at in since.items() if now - at < GRACE_SECONDS}
        if not self._since:
            return {}
        query = select(Installation.id, Installation.granted).where(
            Installation.id.in_(self._since), Installation.status == "disabled"
        )
        found = {key: frozenset(granted) for key, granted in work.session.execute(query)}
        return {
            key: replace(gone[key], granted=gone[key].granted & left) for key, left in found.items()
        }
