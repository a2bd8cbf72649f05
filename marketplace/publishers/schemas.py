"""What people write about a publisher, checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from geminicrm.kernel.errors import Finding, ValidationFailed
from marketplace.publishers.acting import OPEN_KINDS

MAX_SLUG: Final = 39
MAX_NAME: Final = 120
_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_HOMEPAGE: Final = re.compile(r"https?://[^\s/]+\.[^\s]+")
# Names of the project itself, of places in addresses, and what sounds official.
RESERVED: Final = frozenset(
    {
        "admin", "administrator", "api", "app", "core", "crm", "demo", "developer", "embedded",
        "extensions", "gemini", "geminicrm", "geminicrm-pro", "keys", "marketplace", "me",
        "members", "moderation", "new", "official", "operator", "private", "public", "publisher",
        "publishers", "registry", "root", "security", "staff", "support", "system", "tokens",
        "verified", "workspace",
    }
)  # fmt: skip
_OWN_NAME: Final = "geminicrm"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How a publisher presents itself; `kind` is person or organisation."""

    slug: str
    name: str
    kind: str
    homepage: str | None = None

    def __post_init__(self) -> None:
        found = [*_slug(self.slug), *name_findings(self.name), *homepage_findings(self.homepage)]
        if self.kind not in OPEN_KINDS:
            found.append(Finding("/kind", "unknown_kind", f"use one of {', '.join(OPEN_KINDS)}"))
        if found:
            raise ValidationFailed(found)


def name_findings(name: str, limit: int = MAX_NAME) -> Iterator[Finding]:
    """Find what is wrong with a name for people."""
    if not name.strip() or len(name) > limit or not name.isprintable():
        yield Finding("/name", "wrong_name", f"give a name of 1 to {limit} printable characters")
    elif _OWN_NAME in re.sub(r"[\W_]", "", name).casefold():
        yield Finding("/name", "reserved_name", "choose a name that can't be taken for the CRM's")


def homepage_findings(homepage: str | None) -> Iterator[Finding]:
    """Find what is wrong with the address of a homepage."""
    if homepage and not (_HOMEPAGE.fullmatch(homepage) and len(homepage) <= 500):  # noqa: PLR2004 - long enough for any homepage
        yield Finding("/homepage", "wrong_address", "give an address that starts with https://")


def _slug(slug: str) -> Iterator[Finding]:
    if not _SLUG.fullmatch(slug) or not 2 <= len(slug) <= MAX_SLUG:  # noqa: PLR2004 - one letter is no name
        message = f"use 2 to {MAX_SLUG} lower-case letters and digits, words joined by hyphens"
        yield Finding("/slug", "wrong_slug", message)
    elif slug in RESERVED or slug.startswith("ws-"):
        yield Finding("/slug", "reserved_slug", f"{slug!r} is reserved; choose another one")
