"""Safe mode: no code of an extension is loaded or called, and everything else works.

A file in the home says that it is on, so that nothing has to work for it but the file system; every
process of the machine looks at it. The environment variable, where it is set, wins over the file.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from geminicrm.kernel.errors import Conflict

FILE: Final = "safe-mode.json"
VARIABLE: Final = "GEMINICRM_SAFE_MODE"
By = Literal["environment", "operator", "start"]
ENTERED_BY_START: Final = "start"


def never() -> bool:
    """Stand where there is no safe mode."""
    return False


class SafeModeForced(Conflict):
    """The environment decides about safe mode; nobody else can."""

    code = "safe_mode_forced"
    title = "The environment decides about safe mode"

    def __init__(self, *, on: bool) -> None:
        super().__init__(
            f"Safe mode is {'on' if on else 'off'} because {VARIABLE} says so where the server was "
            "started. Change it there and start the server again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeState:
    """Whether safe mode is on, and who turned it on, why, and since when (RFC 3339)."""

    on: bool
    by: By | None = None
    reason: str = ""
    since: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it for a program."""
        return asdict(self)


class SafeMode:
    """Safe mode of the machine with this home; `forced` is what the environment says."""

    def __init__(self, home: Path, forced: bool | None = None) -> None:  # noqa: FBT001 - what a variable says
        self._path = home / FILE
        self.forced = forced

    def on(self) -> bool:
        """Tell whether no extension may run; takes about a microsecond."""
        if self.forced is not None:
            return self.forced
        return os.path.exists(self._path)  # noqa: PTH110 - asked 40 times a second, and half the price

    def state(self) -> SafeState:
        """Tell all that is known about it."""
        if self.forced is not None:
            reason = f"{VARIABLE} is set." if self.forced else ""
            return SafeState(
                on=self.forced, by="environment" if self.forced else None, reason=reason
            )
        try:
            said = json.loads(self._path.read_bytes())
            return SafeState(on=True, by=said["by"], reason=said["reason"], since=said["since"])
        except FileNotFoundError:
            return SafeState(on=False)
        except (OSError, ValueError, KeyError, TypeError):
            # Whoever made the file by hand meant it.
            return SafeState(on=True, by="operator", reason="")

    def enter(self, by: By, reason: str, now: datetime) -> None:
        """Turn it on. Raises SafeModeForced where the environment says no."""
        if self.forced is False:
            raise SafeModeForced(on=False)
        said = {"by": by, "reason": reason, "since": now.isoformat(timespec="seconds")}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(said), encoding="utf-8")
        new.replace(self._path)

    def leave(self) -> None:
        """Turn it off. Raises SafeModeForced where the environment says that it is on."""
        if self.forced:
            raise SafeModeForced(on=True)
        self._path.unlink(missing_ok=True)
