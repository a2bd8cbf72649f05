"""Who changes records when another CRM did: the integration, by name."""

from dataclasses import dataclass
from typing import Final

SCOPES: Final = frozenset(
    f"{verb}:{noun}"
    for verb in ("read", "write")
    for noun in ("contacts", "companies", "deals", "activities")
)


@dataclass(frozen=True, slots=True)
class SyncActor:
    """The integration at work; it touches only what is synced, and notes of conflicts."""

    id: str
    label: str
    workspace_id: str
    kind: str = "extension"
    scopes: frozenset[str] = SCOPES

    def allows(self, scope: str) -> bool:
        """Tell whether syncing needs the scope."""
        return scope in self.scopes
