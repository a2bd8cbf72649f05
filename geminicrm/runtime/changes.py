"""What changes of the life cycle answer, and who counts them."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from geminicrm.runtime.install.pipeline import StepTime

Data = Literal["keep", "purge"]


class Meter(Protocol):
    """Where the time of life-cycle changes is counted."""

    def install(self, action: str, outcome: str, seconds: float) -> None:
        """Count one change, or one step of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An installation after a change; `live` tells whether every worker serves it already."""

    installation: dict[str, Any]
    generation: int
    live: bool
    steps: tuple[StepTime, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What is left after an uninstall; `warning` tells where its own `uninstall()` failed.

    `documents` counts those of its storage, kept or set aside as `kept` says; `removal_id` is what
    it can be restored by.
    """

    extension_id: str
    removal_id: str
    kept: bool
    documents: int
    warning: str | None
    generation: int
    live: bool

    @property
    def data(self) -> str:
        """Name what was kept or set aside, for people."""
        if not self.documents:
            return "its settings are"
        some = "1 document" if self.documents == 1 else f"{self.documents:,} documents"
        return f"its settings and {some} are"
