"""What `ExtensionBase.perform_action` answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from extensions.sdk.errors import Finding, Invalid


def _is_internal(path: str) -> bool:
    # "//host" and "/\host" are other sites to a browser; control characters are dropped by it.
    return path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """What the page does after a button or form.

    `toast` is a short message, `refresh` draws the panel again, `navigate` is a path inside the
    CRM (`/leads/lead_1`), `field_errors` maps form field ids to what is wrong with them (then the
    form stays open). Raises `Invalid` for a `navigate` that leaves the CRM.
    """

    toast: str | None = None
    refresh: bool = False
    navigate: str | None = None
    field_errors: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a target outside: an extension must not send people to a look-alike page."""
        if self.navigate is not None and not _is_internal(self.navigate):
            message = f"{self.navigate!r} is not a path inside the CRM such as '/leads'."
            raise Invalid([Finding("/navigate", "not_internal", message)])

    def to_dict(self) -> dict[str, Any]:
        """Give the result as JSON-ready data."""
        return {
            "toast": self.toast,
            "refresh": self.refresh,
            "navigate": self.navigate,
            "field_errors": dict(self.field_errors),
        }
