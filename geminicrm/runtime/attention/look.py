"""What rules look at: everything is read once, and each rule finds its kind of trouble in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from geminicrm.kernel.work import Actor
from geminicrm.runtime.attention.notices import Notice, RegistryTrouble
from geminicrm.runtime.calls import Trouble
from geminicrm.runtime.history.models import InstalledVersion, Run
from geminicrm.runtime.leases import WorkerState
from geminicrm.runtime.log_lines import Line
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.safe_mode import SafeState

OPERATE = "operate:instance"
PackageState = Literal["sound", "missing", "changed", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One installation; `manifest` is None where what is stored can't be read any more.

    `current` is its version as it was when that was installed, `past` are those before, the newest
    first.
    """

    row: Installation
    manifest: Manifest | None
    current: InstalledVersion | None = None
    past: Sequence[InstalledVersion] = ()

    @property
    def id(self) -> str:
        """Give the extension's id."""
        return self.row.extension_id

    @property
    def name(self) -> str:
        """Give the name that people know it by."""
        return self.manifest.name if self.manifest else self.row.extension_id

    @property
    def place(self) -> str:
        """Give the address of its page."""
        return f"/installed/{self.row.extension_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """What rules may ask, each about one installation; none of them raises.

    `secrets` are the names of those that can be read, None where no key fits. `lacks_python` tells
    whether Python packages of it are missing on this machine.
    """

    log: Callable[[str], Sequence[Line]]
    secrets: Callable[[Installation], frozenset[str] | None]
    package: Callable[[Installation], PackageState]
    lacks_python: Callable[[Installation, Manifest], bool]
    troubles: Callable[[str], Sequence[Trouble]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known when somebody looks.

    `runs` are those that failed or have not ended, the newest first; `workers` are all that live,
    `behind` those that have not caught up for a while with `generation`, the database's.
    """

    actor: Actor
    now: datetime
    installed: Sequence[Seen]
    senses: Senses
    confines: bool
    safe: SafeState
    runs: Sequence[Run] = ()
    generation: int = 0
    workers: Sequence[WorkerState] = ()
    behind: Sequence[WorkerState] = ()
    notices: Sequence[Notice] = ()
    updates: Sequence[Mapping[str, Any]] = ()
    registries: Sequence[RegistryTrouble] = ()
    by_id: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def operates(self) -> bool:
        """Tell whether who looks may do what concerns the whole installation."""
        return self.actor.allows(OPERATE)
