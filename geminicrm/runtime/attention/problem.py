"""One thing that is wrong, in words, with what mends it."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Severity = Literal["danger", "warning", "info"]
ORDER: Final[tuple[Severity, ...]] = ("danger", "warning", "info")
"""The worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and the one click or link that mends it.

    `code` is stable, `extension_id` None for what concerns the whole installation. `fix_method` is
    GET for a page to go to, POST for a form without fields; a problem that nobody here can mend
    has no fix.
    """

    code: str
    severity: Severity
    extension_id: str | None
    title: str
    detail: str
    fix_label: str | None = None
    fix_url: str | None = None
    fix_method: Literal["GET", "POST"] = "GET"

    def as_dict(self) -> dict[str, Any]:
        """Give it for a program."""
        return asdict(self)
