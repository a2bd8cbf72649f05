"""The embedded registry as the install pipeline of the runtime sees it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import undefer

from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.install.offers import Offered, PackageRef, Signature
from geminicrm.runtime.semver import SemVer
from marketplace.blobs import Blobs
from marketplace.errors import UnknownExtension, VersionWithheld
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.signing.envelope import read_signatures
from marketplace.visibility import seen, seen_version

HAD: Final = ("listed", "yanked")


class RegistrySource:
    """Names versions and gives their bytes."""

    def __init__(self, works: Works, blobs: Blobs) -> None:
        self._works = works
        self._blobs = blobs

    def find(self, workspace_id: str, extension_id: str, version: str | None) -> PackageRef:
        """Name a version, the newest good one for None; UnknownExtension, VersionWithheld."""
        with self._works.across_workspaces("find a package") as work:
            extension, row = self._found(work, workspace_id, extension_id, version)
            if row.state not in HAD:
                raise VersionWithheld(extension_id, row.version, row.state)
            return _ref(extension, row)

    def versions(self, workspace_id: str, extension_id: str) -> Sequence[Offered]:
        """Give every version that can be had, the highest first; none for an unknown id."""
        with self._works.across_workspaces("find packages") as work:
            try:
                extension = seen(work, workspace_id, extension_id)
            except UnknownExtension:
                return ()
            own = select(RegistryVersion).where(
                RegistryVersion.extension_id == extension.id,
                or_(*(RegistryVersion.state == state for state in HAD)),
            )
            rows = work.session.scalars(own.options(undefer(RegistryVersion.record))).all()
            found = [Offered(ref=_ref(extension, row), manifest=row.manifest) for row in rows]
        return sorted(found, key=lambda one: SemVer.parse(one.ref.version), reverse=True)

    def read(self, ref: PackageRef) -> bytes:
        """Give the bytes of the package; PackageDamaged unless they have their digest."""
        return self._blobs.read(ref.hex_digest)

    def _found(
        self, work: Work, workspace_id: str, extension_id: str, version: str | None
    ) -> tuple[RegistryExtension, RegistryVersion]:
        if version is not None:
            return seen_version(work, workspace_id, extension_id, version)
        latest = seen(work, workspace_id, extension_id).latest_version
        if not latest:
            raise UnknownExtension(extension_id)
        return seen_version(work, workspace_id, extension_id, latest)


def _ref(extension: RegistryExtension, row: RegistryVersion) -> PackageRef:
    said = row.signature
    return PackageRef(
        extension_id=extension.extension_id,
        version=row.version,
        digest=row.digest,
        built_in=extension.built_in,
        signed=said is not None,
        size=row.size,
        publisher_id=extension.publisher_id,
        signature=Signature(said["key_id"], said["value"]) if said else None,
        record=row.record,
        record_signatures=read_signatures(row.record_signatures),
        state=row.state,
    )
