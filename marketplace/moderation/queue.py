"""What waits for a review, and what a reviewer reads before the decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.plan_lines import ScopeLine, scope_lines
from marketplace.blobs import Blobs, PackageDamaged
from marketplace.earlier import version_before
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.moderation.access import OPERATE, public_version
from marketplace.moderation.differences import Difference, Opened, compare
from marketplace.package_reader import open_package
from marketplace.states import PENDING, QUARANTINED, YANKED
from marketplace.visibility import PUBLIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A version as moderation lists it; `errors` never reach the registry, so there are none."""

    extension_id: str
    name: str
    version: str
    publisher: str
    verified: bool
    state: str
    reason: str | None
    decided_by: str | None
    published_at: datetime
    published_by: str
    warnings: int
    first: bool

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "extension_id": self.extension_id,
            "name": self.name,
            "version": self.version,
            "publisher": self.publisher,
            "verified": self.verified,
            "state": self.state,
            "reason": self.reason,
            "decided_by": self.decided_by,
            "published_at": format_instant(self.published_at),
            "published_by": self.published_by,
            "warnings": self.warnings,
            "first": self.first,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a reviewer reads of one version."""

    version: Reviewed
    findings: Sequence[Mapping[str, Any]]
    scopes: tuple[ScopeLine, ...]
    optional_scopes: tuple[ScopeLine, ...]
    hosts: tuple[tuple[str, str], ...]
    difference: Difference
    readme: str
    size: int
    digest: str
    signed_by: str | None
    damaged: bool

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            **self.version.to_dict(),
            "findings": [dict(one) for one in self.findings],
            "permissions": [one.scope for one in self.scopes],
            "optional_permissions": [one.scope for one in self.optional_scopes],
            "hosts": [{"host": host, "reason": reason} for host, reason in self.hosts],
            "difference": self.difference.to_dict(),
            "size": self.size,
            "digest": f"sha256:{self.digest}",
            "signed_by": self.signed_by,
        }


class Queue:
    """Reads what moderation works on; each needs `operate:instance`."""

    def __init__(self, works: Works, blobs: Blobs) -> None:
        self._works = works
        self._blobs = blobs

    def waiting(self, actor: Actor) -> list[Reviewed]:
        """Give what waits for a review, the longest first. ScopeMissing."""
        return self._of_state(actor, (PENDING,))

    def withheld(self, actor: Actor) -> list[Reviewed]:
        """Give what was taken out or yanked, the longest first. ScopeMissing."""
        return self._of_state(actor, (QUARANTINED, YANKED))

    def look(self, actor: Actor, extension_id: str, version: str) -> Case:
        """Give all there is to read about a version. ScopeMissing, UnknownExtension."""
        with self._works.read(actor) as work:
            work.require(OPERATE)
            extension, row = public_version(work, extension_id, version)
            before = version_before(work, row.extension_id, row.version)
            reviewed, readme = _reviewed(work, extension, row), row.readme
        now, damaged = self._opened(row)
        old = self._opened(before)[0] if before is not None else None
        manifest = now.manifest
        return Case(
            version=reviewed,
            findings=row.findings,
            scopes=tuple(scope_lines(manifest, manifest.permissions)),
            optional_scopes=tuple(scope_lines(manifest, manifest.optional_permissions)),
            hosts=tuple(
                (one.host or f"the one in the setting {one.setting}", one.reason)
                for one in manifest.network
            ),
            difference=compare(old, now),
            readme=readme,
            size=row.size,
            digest=row.digest,
            signed_by=row.signature["key_id"] if row.signature else None,
            damaged=damaged,
        )

    def _of_state(self, actor: Actor, states: Sequence[str]) -> list[Reviewed]:
        statement = (
            select(RegistryExtension, RegistryVersion)
            .join(RegistryVersion, RegistryVersion.extension_id == RegistryExtension.id)
            .where(RegistryVersion.state.in_(states), RegistryExtension.visibility == PUBLIC)
            .order_by(RegistryVersion.published_at, RegistryVersion.id)
        )
        with self._works.read(actor) as work:
            work.require(OPERATE)
            return [
                _reviewed(work, extension, row)
                for extension, row in work.session.execute(statement)
            ]

    def _opened(self, row: RegistryVersion) -> tuple[Opened, bool]:
        """Open a package; one that is lost can still be decided about, without its files."""
        manifest = build_manifest(row.manifest)
        try:
            files = open_package(self._blobs.read(row.digest)).files
        except PackageDamaged:
            return Opened(manifest=manifest, files={}), True
        return Opened(manifest=manifest, files=files), False


def _reviewed(work: Work, extension: RegistryExtension, row: RegistryVersion) -> Reviewed:
    others = select(RegistryVersion.id).where(
        RegistryVersion.extension_id == row.extension_id, RegistryVersion.id != row.id
    )
    return Reviewed(
        extension_id=extension.extension_id,
        name=row.manifest["name"],
        version=row.version,
        publisher=extension.publisher,
        verified=extension.verified,
        state=row.state,
        reason=row.state_reason,
        decided_by=row.state_by,
        published_at=row.published_at,
        published_by=row.published_by,
        warnings=len(row.findings),
        first=work.session.scalar(others.limit(1)) is None,
    )
