"""Another registry as pages show it: quick or not at all, and only what it has signed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import orjson

from geminicrm.identity.permissions import EXTENSION_SCOPES
from geminicrm.kernel.work import Actor
from geminicrm.runtime.manifest import ManifestInvalid, parse_manifest
from geminicrm.runtime.manifest_model import Manifest
from marketplace.blobs import digest_of
from marketplace.errors import UnknownExtension
from marketplace.listings import Listing, Release
from marketplace.registries.answers import NotThere
from marketplace.registries.client import Counted, RegistryClient, SearchPage
from marketplace.registries.errors import RegistryRefused
from marketplace.registries.proving import Version
from marketplace.registries.rows import Facts
from marketplace.registries.sources import had_versions, newest
from marketplace.search import Found, Query
from marketplace.service import Icon, Texts

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RemoteCatalogue:
    """A `Catalogue` of one registry.

    Names, descriptions and publishers are those of signed records; only counts and dates are the
    registry's bare word.
    """

    facts: Facts
    client: RegistryClient

    def search(self, actor: Actor, query: Query) -> Found:  # noqa: ARG002 - everybody here sees the same of it
        """Give one page of extensions; RegistryUnreachable, RegistryRefused."""
        page = self._page(query)
        listings = [self._listing(each) for each in page.found]
        return Found(listings=listings, next_cursor=page.next_cursor, total=page.total)

    def categories(self, actor: Actor) -> list[str]:  # noqa: ARG002 - as search
        """Give every category that it says it has."""
        return list(self._page(Query()).categories)

    def get(self, actor: Actor, extension_id: str) -> tuple[Listing, Release]:  # noqa: ARG002 - as search
        """Give an extension and its newest good version, by its versions and not by its word."""
        latest = self._newest(extension_id)
        counted = self._found(lambda: self.client.extension(extension_id), extension_id)
        return self._listing(counted, latest), _release(latest)

    def versions(self, actor: Actor, extension_id: str) -> list[Release]:  # noqa: ARG002 - as search
        """Give every version that can be had, the highest first; UnknownExtension."""
        return [_release(each) for each in self._had(extension_id)]

    def texts(self, actor: Actor, release: Release) -> Texts:  # noqa: ARG002 - as search
        """Give README and changelog; UnknownExtension."""
        name, version = release.extension_id, release.version
        said = self._found(lambda: self.client.texts(name, version), name)
        return Texts(said.readme, said.changelog)

    def icon(self, actor: Actor, extension_id: str) -> Icon | None:  # noqa: ARG002 - as search
        """Give the icon of the newest good version; None for none. UnknownExtension."""
        latest = self._newest(extension_id)
        if not latest.has_icon:
            return None
        version = latest.ref.version
        content = self._found(lambda: self.client.icon(extension_id, version), extension_id)
        return Icon(content, digest_of(content))

    def _page(self, query: Query) -> SearchPage:
        asked = {
            "q": query.words,
            "category": query.category,
            "sort": query.sort,
            "limit": str(query.page.limit),
            "cursor": query.page.cursor or "",
        }
        return self.client.search({name: value for name, value in asked.items() if value})

    def _had(self, extension_id: str) -> list[Version]:
        found = had_versions(self.facts, self.client.versions, extension_id)
        if not found:
            raise UnknownExtension(extension_id)
        return found

    def _newest(self, extension_id: str) -> Version:
        latest = newest(self._had(extension_id))
        if latest is None:
            raise UnknownExtension(extension_id)
        return latest

    def _found(self, ask: Callable[[], Answer], extension_id: str) -> Answer:
        try:
            return ask()
        except NotThere:
            raise UnknownExtension(extension_id) from None

    def _listing(self, counted: Counted, latest: Version | None = None) -> Listing:
        version = latest or counted.version
        manifest, record = self._manifest(version), version.record
        return Listing(
            id=manifest.id,
            name=manifest.name,
            description=manifest.description,
            author=manifest.author,
            publisher=record.publisher.name,
            verified=record.publisher.verified,
            built_in=False,
            categories=tuple(manifest.categories),
            keywords=tuple(manifest.keywords),
            latest_version=manifest.version,
            install_count=counted.install_count,
            icon_digest=version.ref.hex_digest if version.has_icon else None,
            created_at=counted.created_at,
            updated_at=counted.updated_at,
        )

    def _manifest(self, version: Version) -> Manifest:
        try:
            return parse_manifest(orjson.dumps(version.manifest), known_scopes=EXTENSION_SCOPES)
        except ManifestInvalid as error:
            name = f"{version.ref.extension_id} {version.ref.version}"
            raise RegistryRefused(
                self.facts.name, f"the manifest of {name} is wrong: {error}"
            ) from None


def _release(version: Version) -> Release:
    ref = version.ref
    return Release(
        extension_id=ref.extension_id,
        version=ref.version,
        digest=ref.hex_digest,
        size=ref.size,
        manifest=version.manifest,
        code_url=None,
        published_at=version.published_at,
        published_by=version.record.publisher.name,
        state=ref.state,
    )
