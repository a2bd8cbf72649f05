"""The registry: publishing, looking up, and handing packages to the runtime."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from geminicrm.config import Review
from geminicrm.kernel.errors import ScopeMissing
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.install.offers import Signature
from geminicrm.runtime.manifest import Manifest, build_manifest
from geminicrm.runtime.semver import NotAVersion
from marketplace.blobs import Blobs, digest_of
from marketplace.counts import InstallCounts
from marketplace.earlier import version_before
from marketplace.errors import UnknownExtension
from marketplace.inspection import Inspected, inspect
from marketplace.listings import Listing, Published, Release, newest_first
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.publishers.acting import WORKSPACE, acting_for, core_publisher
from marketplace.publishers.signatures import checked_signature
from marketplace.publishing import Candidate, published_before, store, version_row
from marketplace.search import Found, Query, Search
from marketplace.signed_package import split_package
from marketplace.signing.registry_keys import RegistryKeys
from marketplace.states import first_state
from marketplace.visibility import seen, seen_version

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


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How something is to be published; `publisher` is the slug of one of the actor's own."""

    publisher: str | None = None
    code_url: str | None = None


class Registry:
    """The registry of this installation of the CRM; shared by its workspaces."""

    def __init__(
        self,
        works: Works,
        blobs: Blobs,
        counts: InstallCounts,
        keys: RegistryKeys,
        note_own: Callable[[str], object],
        review: Review = "none",
    ) -> None:
        self._works = works
        self._blobs = blobs
        self._counts = counts
        self._keys = keys
        self._review: Review = review
        self._note_own = note_own
        self._offered: set[tuple[str, str]] = set()
        self._search = Search(works)

    def publish(self, actor: Actor, package: bytes, wish: Wish | None = None) -> Published:
        """Publish a version for one of the actor's publishers, see `acting_for`.

        ScopeMissing, NotAMember, TooLarge; PackageInvalid or PackageRefused with every finding;
        SignatureRefused; IdTaken; VersionExists. The same bytes again change nothing and are no
        error.
        """
        if not actor.allows(PUBLISH):
            raise ScopeMissing(PUBLISH, actor.label)
        bare, signature = split_package(package)
        found = inspect(bare, partial(self.before, actor))
        parcel = _Parcel(found, digest_of(bare), signature, wish or Wish(), self._review)
        with self._works.read(actor) as work:
            known = published_before(work, _candidate(work, parcel))
        if known is not None:
            return Published(known, created=False, warnings=parcel.found.warnings)
        self._blobs.put(bare)
        self._keys.ensure()
        with self._works.write(actor) as work:
            candidate = _candidate(work, parcel)
            release, created = store(work, candidate, self._keys.sign)
            changes = {
                "version": release.version,
                "digest": release.digest,
                "publisher": candidate.publisher.slug,
                "signed_by": release.signed_by,
            }
            work.audit("extension.published", release.extension_id, changes)
        return Published(release, created=created, warnings=parcel.found.warnings)

    def offer(self, package: bytes) -> Published:
        """Publish an extension that comes with the core; its bytes may change with the code.

        Raises what `publish` raises, VersionExists excepted.
        """
        found, digest = inspect(package), self._blobs.put(package)
        self._keys.ensure()
        with self._works.across_workspaces("offer a built-in extension", write=True) as work:
            candidate = Candidate(found=found, digest=digest, publisher=core_publisher(work))
            release, created = store(work, candidate, self._keys.sign)
        self.comes_along(release.extension_id, digest)
        return Published(release, created=created, warnings=found.warnings)

    def comes_along(self, extension_id: str, digest: str) -> None:
        """Take note that these bytes lie beside the core's code."""
        self._note_own(digest)
        self._offered.add((extension_id, digest))

    def has_offered(self, extension_id: str, digest: str) -> bool:
        """Tell whether this very process has offered these bytes as the core's own."""
        return (extension_id, digest) in self._offered

    def built_in_digests(self) -> frozenset[str]:
        """Give the digests of all versions that came with the core."""
        built_in = select(RegistryExtension.id).where(RegistryExtension.built_in)
        statement = select(RegistryVersion.digest).where(RegistryVersion.extension_id.in_(built_in))
        with self._works.across_workspaces("compare built-in extensions") as work:
            return frozenset(work.session.scalars(statement))

    def search(self, actor: Actor, query: Query) -> Found:
        """Give one page of extensions; ValidationFailed for a cursor of another order."""
        self._counts.refresh()
        return self._search.find(actor, query)

    def categories(self, actor: Actor) -> list[str]:
        """Give every category that has an extension."""
        return self._search.categories(actor)

    def get(self, actor: Actor, extension_id: str) -> tuple[Listing, Release]:
        """Give an extension and its newest good version; UnknownExtension."""
        self._counts.refresh()
        with self._works.read(actor) as work:
            row, version = _latest(work, extension_id)
            return Listing.of(row), Release.of(version)

    def versions(self, actor: Actor, extension_id: str) -> list[Release]:
        """Give every version that can be had, the highest first; UnknownExtension."""
        with self._works.read(actor) as work:
            row, _ = _latest(work, extension_id)
            own = select(RegistryVersion).where(
                RegistryVersion.extension_id == row.id,
                RegistryVersion.state.in_(("listed", "yanked")),
            )
            return newest_first([Release.of(each) for each in work.session.scalars(own)])

    def texts(self, actor: Actor, release: Release) -> Texts:
        """Give what a version says of itself; UnknownExtension."""
        with self._works.read(actor) as work:
            _, row = seen_version(work, work.workspace_id, release.extension_id, release.version)
            return Texts(row.readme, row.changelog)

    def before(self, actor: Actor, extension_id: str, version: str) -> Manifest | None:
        """Give the manifest of the version before one, as the actor's workspace sees it."""
        with self._works.read(actor) as work:
            try:
                key = seen(work, work.workspace_id, extension_id).id
                row = version_before(work, key, version)
            except (UnknownExtension, NotAVersion):
                return None
            return build_manifest(row.manifest) if row is not None else None

    def icon(self, actor: Actor, extension_id: str) -> Icon | None:
        """Give the icon of the newest good version; None for none. UnknownExtension."""
        with self._works.read(actor) as work:
            _, version = _latest(work, extension_id)
            return None if version.icon is None else Icon(version.icon, version.digest)


@dataclass(frozen=True)
class _Parcel:
    """A package as it came in, opened and checked."""

    found: Inspected
    digest: str
    signature: Signature | None
    wish: Wish
    review: Review


def _candidate(work: Work, parcel: _Parcel) -> Candidate:
    """Say for whom, and check the signature; again where it is stored: keys may be revoked."""
    publisher = acting_for(work, parcel.wish.publisher, parcel.found.manifest.id)
    return Candidate(
        found=parcel.found,
        digest=parcel.digest,
        publisher=publisher,
        code_url=parcel.wish.code_url,
        signature=checked_signature(work, publisher, parcel.digest, parcel.signature),
        state=first_state(
            parcel.review, verified=publisher.verified, public=publisher.kind != WORKSPACE
        ),
    )


def _latest(work: Work, extension_id: str) -> tuple[RegistryExtension, RegistryVersion]:
    row = seen(work, work.workspace_id, extension_id)
    if not row.latest_version:
        raise UnknownExtension(extension_id)
    return row, version_row(work, row.id, row.latest_version)
