"""How an extension looks: its tile, its state in the workspace, what can be done with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import select

from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.models import Installation
from geminicrm.runtime.semver import SemVer
from marketplace.listings import Listing

TILES = {
    "ai": ("sparkles", 3),
    "analytics": ("chart-bar", 3),
    "automation": ("bolt", 2),
    "calendar": ("calendar", 6),
    "chat": ("message-2", 4),
    "communication": ("message-2", 4),
    "crm": ("arrows-exchange", 1),
    "crm-sync": ("arrows-exchange", 1),
    "data": ("building", 1),
    "developer": ("code", 6),
    "developer-tools": ("code", 6),
    "documents": ("file-text", 5),
    "email": ("mail", 1),
    "example": ("test-pipe", 6),
    "finance": ("cash", 4),
    "identity": ("fingerprint", 3),
    "issue-tracking": ("bug", 2),
    "marketing": ("speakerphone", 5),
    "payments": ("credit-card", 4),
    "productivity": ("list-check", 6),
    "push": ("bell", 2),
    "reports": ("report-analytics", 3),
    "sales": ("trophy", 2),
    "scoring": ("bolt", 2),
    "sms": ("device-mobile", 4),
    "social": ("share", 5),
    "storage": ("cloud", 6),
    "support": ("headset", 5),
    "video": ("presentation", 3),
    "voice": ("phone", 4),
}
_PUZZLE = "puzzle"
_HUES = 6
_SHORT = {"ai": "AI", "crm": "CRM", "sms": "SMS", "api": "API", "crm-sync": "CRM sync"}


@dataclass(frozen=True)
class InstalledState:
    """What a workspace has of an extension."""

    version: str
    enabled: bool
    status: str


InstalledStates: TypeAlias = Callable[[Actor], Mapping[str, InstalledState]]


@dataclass(frozen=True, kw_only=True)
class Card:
    """An extension in the marketplace, as one workspace sees it.

    `state` is "", installed, update, disabled or failed; `picture` is the address of its own icon,
    else `icon` and `hue` make one.
    """

    listing: Listing
    state: str
    installed: InstalledState | None
    picture: str | None
    icon: str
    hue: int

    @property
    def url(self) -> str:
        """Give the address of its page."""
        return f"/marketplace/{self.listing.id}"


def make_card(listing: Listing, installed: InstalledState | None) -> Card:
    """Put together what a page shows of an extension."""
    icon, hue = _tile(listing)
    digest = listing.icon_digest
    return Card(
        listing=listing,
        state=_state(listing, installed) if installed else "",
        installed=installed,
        picture=f"/marketplace/{listing.id}/icon?v={digest[:10]}" if digest else None,
        icon=icon,
        hue=hue,
    )


def category_label(category: str) -> str:
    """Give a category as people read it."""
    words = category.replace("-", " ").replace("_", " ")
    return _SHORT.get(category, words[:1].upper() + words[1:])


def installed_states(works: Works) -> InstalledStates:
    """Give the look-up of what the actor's workspace has installed; nothing without the right."""

    def look_up(actor: Actor) -> Mapping[str, InstalledState]:
        if not actor.allows("read:extensions"):
            return {}
        with works.read(actor) as work:
            rows = work.session.scalars(select(Installation))
            return {
                row.extension_id: InstalledState(row.version, row.enabled, row.status)
                for row in rows
            }

    return look_up


def _tile(listing: Listing) -> tuple[str, int]:
    known = [TILES[category] for category in listing.categories if category in TILES]
    return known[0] if known else (_PUZZLE, sum(listing.id.encode()) % _HUES + 1)


def _state(listing: Listing, installed: InstalledState) -> str:
    if installed.status in {"failed", "quarantined"}:
        return "failed"
    if not installed.enabled:
        return "disabled"
    newer = SemVer.parse(listing.latest_version) > SemVer.parse(installed.version)
    return "update" if newer else "installed"
