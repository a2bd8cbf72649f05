"""The registry: publishing, looking up, and handing packages to the runtime."""

from dataclasses import dataclass

from sqlalchemy import select

from geminicrm.identity.models import Workspace
from geminicrm.kernel.errors import ScopeMissing
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.install.state import PackageRef
from marketplace import search
from marketplace.blobs import Blobs, digest_of
from marketplace.counts import InstallCounts
from marketplace.inspection import inspect
from marketplace.listings import Listing, Published, Release, newest_first
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.publishing import (
    CORE,
    Candidate,
    Publisher,
    extension_row,
    published_before,
    store,
    version_row,
)

PUBLISH = "publish:extensions"


@dataclass(frozen=True)
class Icon:
    """An extension's own picture, a PNG or an SVG: never to be put into a page as markup."""

    content: bytes
    digest: str


@dataclass(frozen=True)
class Texts:
    """README and changelog as they were published, in Markdown."""

    readme: str
    changelog: str


class Registry:
    """The registry of this installation of the CRM; shared by its workspaces."""

    def __init__(self, works: Works, blobs: Blobs, counts: InstallCounts) -> None:
        self._works = works
        self._blobs = blobs
        self._counts = counts

    def publish(self, actor: Actor, package: bytes, code_url: str | None = None) -> Published:
        """Publish a version for the actor's workspace.

        ScopeMissing, TooLarge; PackageInvalid or PackageRefused with every finding; IdTaken;
        VersionExists. The same bytes again change nothing and are no error.
        """
        if not actor.allows(PUBLISH):
            raise ScopeMissing(PUBLISH, actor.label)
        found = inspect(package)
        with self._works.read(actor) as work:
            candidate = Candidate(
                found=found,
                digest=digest_of(package),
                publisher=_publisher(work),
                code_url=code_url,
            )
            known = published_before(work, candidate)
        if known is not None:
            return Published(known, created=False, warnings=found.warnings)
        self._blobs.put(package)
        with self._works.write(actor) as work:
            release, created = store(work, candidate)
            changes = {"version": release.version, "digest": release.digest}
            work.audit("extension.published", release.extension_id, changes)
        return Published(release, created=created, warnings=found.warnings)

    def offer(self, package: bytes) -> Published:
        """Publish an extension that comes with the core; its bytes may change with the code.

        Raises what `publish` raises, VersionExists excepted.
        """
        found = inspect(package)
        candidate = Candidate(found=found, digest=self._blobs.put(package), publisher=CORE)
        with self._works.across_workspaces("offer a built-in extension", write=True) as work:
            release, created = store(work, candidate)
        return Published(release, created=created, warnings=found.warnings)

    def built_in_digests(self) -> frozenset[str]:
        """Give the digests of all versions that came with the core."""
        built_in = select(RegistryExtension.id).where(RegistryExtension.built_in)
        statement = select(RegistryVersion.digest).where(RegistryVersion.extension_id.in_(built_in))
        with self._works.across_workspaces("compare built-in extensions") as work:
            return frozenset(work.session.scalars(statement))

    def search(self, actor: Actor, query: search.Query) -> search.Found:
        """Give one page of extensions; ValidationFailed for a cursor of another order."""
        self._counts.refresh()
        with self._works.read(actor) as work:
            return search.find(work, query)

    def categories(self, actor: Actor) -> list[str]:
        """Give every category that has an extension."""
        with self._works.read(actor) as work:
            return search.categories(work)

    def get(self, actor: Actor, extension_id: str) -> tuple[Listing, Release]:
        """Give an extension and its newest good version; UnknownExtension."""
        self._counts.refresh()
        with self._works.read(actor) as work:
            row = extension_row(work, extension_id)
            return Listing.of(row), Release.of(version_row(work, row.id, row.latest_version))

    def versions(self, actor: Actor, extension_id: str) -> list[Release]:
        """Give every version, the highest first; UnknownExtension."""
        with self._works.read(actor) as work:
            row = extension_row(work, extension_id)
            own = select(RegistryVersion).where(RegistryVersion.extension_id == row.id)
            return newest_first([Release.of(each) for each in work.session.scalars(own)])

    def texts(self, actor: Actor, release: Release) -> Texts:
        """Give what a version says of itself; UnknownExtension."""
        with self._works.read(actor) as work:
            row = version_row(work, release.extension_id, release.version)
            return Texts(row.readme, row.changelog)

    def icon(self, actor: Actor, extension_id: str) -> Icon | None:
        """Give the icon of the newest good version; None for none. UnknownExtension."""
        with self._works.read(actor) as work:
            row = extension_row(work, extension_id)
            version = version_row(work, row.id, row.latest_version)
            return None if version.icon is None else Icon(version.icon, version.digest)


class RegistrySource:
    """The registry as the install pipeline of the runtime sees it."""

    def __init__(self, works: Works, blobs: Blobs) -> None:
        self._works = works
        self._blobs = blobs

    def find(self, extension_id: str, version: str | None) -> PackageRef:
        """Name a version, the newest good one for None. UnknownExtension."""
        with self._works.across_workspaces("find a package") as work:
            extension = extension_row(work, extension_id)
            row = version_row(work, extension_id, version or extension.latest_version)
            return PackageRef(
                extension_id=extension_id,
                version=row.version,
                digest=row.digest,
                built_in=extension.built_in,
                signed=False,
                size=row.size,
            )

    def read(self, ref: PackageRef) -> bytes:
        """Give the bytes of the package; PackageDamaged unless they have their digest."""
        return self._blobs.read(ref.hex_digest)


def _publisher(work: Work) -> Publisher:
    workspace = work.session.get_one(Workspace, work.workspace_id)
    return Publisher(workspace.id, workspace.name)
