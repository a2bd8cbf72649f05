"""What the registry shows: extensions and versions in the shape that pages and programs get."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding
from geminicrm.runtime.semver import SemVer
from marketplace.models import RegistryExtension, RegistryVersion


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One extension as it stands in the marketplace.

    `icon_digest` names its icon, if any; `featured` is its place among those shown first. The
    counts are of workspaces: those that have ever had it, and those that have it switched on.
    """

    id: str
    name: str
    description: str
    author: str
    publisher: str
    verified: bool
    built_in: bool
    categories: tuple[str, ...]
    keywords: tuple[str, ...]
    latest_version: str
    install_count: int
    icon_digest: str | None
    created_at: datetime
    updated_at: datetime
    active_count: int = 0
    rating_count: int = 0
    rating_sum: int = 0
    featured: int | None = None
    private: bool = False

    @classmethod
    def of(cls, row: RegistryExtension) -> "Listing":
        """Read it from its row."""
        return cls(
            id=row.extension_id,
            name=row.name,
            description=row.description,
            author=row.author,
            publisher=row.publisher,
            verified=row.verified,
            built_in=row.built_in,
            categories=tuple(row.categories),
            keywords=tuple(row.keywords),
            latest_version=row.latest_version,
            install_count=row.install_count,
            active_count=row.active_count,
            rating_count=row.rating_count,
            rating_sum=row.rating_sum,
            featured=row.featured,
            private=row.visibility != "public",
            icon_digest=row.icon_digest,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @property
    def rating(self) -> float | None:
        """Give the mean of its stars, to one place; None without any."""
        return round(self.rating_sum / self.rating_count, 1) if self.rating_count else None

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "author": self.author,
            "publisher": self.publisher,
            "verified": self.verified,
            "built_in": self.built_in,
            "categories": list(self.categories),
            "keywords": list(self.keywords),
            "latest_version": self.latest_version,
            "install_count": self.install_count,
            "active_count": self.active_count,
            "rating": self.rating,
            "rating_count": self.rating_count,
            "featured": self.featured is not None,
            "private": self.private,
            "created_at": format_instant(self.created_at),
            "updated_at": format_instant(self.updated_at),
        }


@dataclass(frozen=True, kw_only=True)
class Release:
    """One published version; `digest` is the package's SHA-256 in hex, `size` its bytes.

    `signed_by` is the publisher's key, `state_reason` says why it is not listed.
    """

    extension_id: str
    version: str
    digest: str
    size: int
    manifest: Mapping[str, Any]
    code_url: str | None
    published_at: datetime
    published_by: str
    state: str = "listed"
    state_reason: str | None = None
    signed_by: str | None = None

    @classmethod
    def of(cls, row: RegistryVersion) -> "Release":
        """Read it from its row."""
        return cls(
            extension_id=row.manifest["id"],  # not the row's key, see marketplace.visibility
            version=row.version,
            digest=row.digest,
            size=row.size,
            manifest=row.manifest,
            code_url=row.code_url,
            published_at=row.published_at,
            published_by=row.published_by,
            state=row.state,
            state_reason=row.state_reason,
            signed_by=(row.signature or {}).get("key_id"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "id": self.extension_id,
            "name": self.manifest["name"],
            "version": self.version,
            "description": self.manifest["description"],
            "author": self.manifest["author"],
            "code_url": self.code_url,
            "published_at": format_instant(self.published_at),
            "digest": f"sha256:{self.digest}",
            "size": self.size,
            "state": self.state,
            "state_reason": self.state_reason,
            "signed_by": self.signed_by,
            "manifest": dict(self.manifest),
        }


@dataclass(frozen=True)
class Published:
    """What came of publishing: `created` is False where these bytes were published before."""

    release: Release
    created: bool
    warnings: tuple[Finding, ...]


def newest_first(releases: list[Release]) -> list[Release]:
    """Sort by precedence (semver.org 2.0.0, part 11), the highest first."""
    return sorted(releases, key=lambda release: SemVer.parse(release.version), reverse=True)


def latest_of(versions: list[str]) -> str:
    """Choose what people get unless they ask for another: the highest that is no pre-release.

    Where there are only pre-releases, the highest of those.
    """
    parsed = [SemVer.parse(version) for version in versions]
    released = [version for version in parsed if not version.prerelease]
    return str(max(released or parsed))
