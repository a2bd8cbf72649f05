"""What this registry gives to others: signed records, documents and packages that may be had."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.blobs import Blobs
from marketplace.catalogue import Catalogue
from marketplace.errors import UnknownExtension
from marketplace.listings import Listing
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.registries.proving import HAD
from marketplace.search import Query
from marketplace.signing.envelope import SignedText
from marketplace.visibility import PUBLIC, seen, seen_version

Documents = Mapping[str, Callable[[], SignedText]]
"""Gives what is signed as a whole, by its name."""
Downloaded = Callable[[str, str], object]
"""Counts a download: the key of the extension's row, and the version."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who is not signed in; sees what is public."""

    kind: str = "visitor"
    id: str = "visitor"
    label: str = "Visitor"
    workspace_id: str = ""
    scopes: frozenset[str] = frozenset()

    def allows(self, scope: str) -> bool:
        """Allow nothing that needs a permission."""
        return scope in self.scopes


class Offering:
    """The embedded registry as others read it.

    What is asked for by a name raises UnknownExtension or NotFound; versions that were never
    listed, or are not any more, are not there for anybody outside.
    """

    def __init__(
        self,
        works: Works,
        catalogue: Catalogue,
        blobs: Blobs,
        documents: Documents,
        downloaded: Downloaded,
    ) -> None:
        self._works = works
        self._catalogue = catalogue
        self._blobs = blobs
        self._documents = documents
        self._downloaded = downloaded

    def document(self, name: str) -> dict[str, Any]:
        """Give a document that is signed as a whole: keys or notices."""
        if name not in self._documents:
            raise NotFound("document", name)
        return self._documents[name]().to_dict()

    def search(self, actor: Actor, query: Query) -> dict[str, Any]:
        """Give one page of extensions, each with its newest version."""
        found = self._catalogue.search(actor, query)
        with self._works.across_workspaces("show signed records") as work:
            entries = _newest(work, actor, found.listings)
        data = [_hit(each, entries[each.id]) for each in found.listings if each.id in entries]
        return {
            "data": data,
            "next_cursor": found.next_cursor,
            "total": found.total,
            "categories": list(self._catalogue.categories(actor)),
        }

    def extension(self, actor: Actor, extension_id: str) -> dict[str, Any]:
        """Give one extension with its newest version."""
        listing, _ = self._catalogue.get(actor, extension_id)
        with self._works.across_workspaces("show a signed record") as work:
            entries = _newest(work, actor, [listing])
        if extension_id not in entries:
            raise UnknownExtension(extension_id)
        return _hit(listing, entries[extension_id])

    def versions(self, actor: Actor, extension_id: str) -> dict[str, Any]:
        """Give every version that can be had."""
        with self._works.across_workspaces("show signed records") as work:
            row = seen(work, actor.workspace_id, extension_id)
            own = RegistryVersion.extension_id == row.id
            return {"data": [_entry(each, has_icon=icon) for each, icon in _had(work, own)]}

    def texts(self, actor: Actor, extension_id: str, version: str) -> dict[str, str]:
        """Give README and changelog of a version."""
        with self._works.across_workspaces("show texts") as work:
            row = _version(work, actor, extension_id, version)
            return {"readme": row.readme, "changelog": row.changelog}

    def icon(self, actor: Actor, extension_id: str, version: str) -> bytes:
        """Give the icon of a version."""
        with self._works.across_workspaces("show an icon") as work:
            icon = _version(work, actor, extension_id, version).icon
        if icon is None:
            raise NotFound("icon of", extension_id)
        return icon

    def package(self, actor: Actor, digest: str, *, whole: bool = True) -> bytes:
        """Give a package by the SHA-256 of its bytes in hex; only a `whole` one is counted."""
        with self._works.across_workspaces("hand out a package") as work:
            found = _had(work, RegistryVersion.digest == digest)
            allowed = [row for row, _ in found if _sees(work, actor, row.extension_id)]
        if not allowed:
            raise NotFound("package", digest)
        if whole:
            self._downloaded(allowed[0].extension_id, allowed[0].version)
        return self._blobs.read(digest)


def _newest(work: Work, actor: Actor, listings: Iterable[Listing]) -> dict[str, dict[str, Any]]:
    rows = {each.id: seen(work, actor.workspace_id, each.id) for each in listings}
    names = {row.id: name for name, row in rows.items()}
    found = _had(work, RegistryVersion.extension_id.in_(names))
    return {
        names[row.extension_id]: _entry(row, has_icon=icon)
        for row, icon in found
        if rows[names[row.extension_id]].latest_version == row.version
    }


def _had(work: Work, *which: Any) -> list[tuple[RegistryVersion, bool]]:
    """Read versions that may be had, and whether each has an icon, which stays where it is."""
    statement = select(RegistryVersion, RegistryVersion.icon.is_not(None)).where(
        *which, RegistryVersion.state.in_(HAD), RegistryVersion.record.is_not(None)
    )
    found = work.session.execute(statement.options(undefer(RegistryVersion.record)))
    return [(row, has_icon) for row, has_icon in found]


def _version(work: Work, actor: Actor, extension_id: str, version: str) -> RegistryVersion:
    _, row = seen_version(work, actor.workspace_id, extension_id, version)
    if row.state not in HAD or row.record is None:
        raise UnknownExtension(extension_id, version)
    return row


def _sees(work: Work, actor: Actor, key: str) -> bool:
    row = work.session.get_one(RegistryExtension, key)
    return row.visibility == PUBLIC or row.workspace_id == actor.workspace_id


def _hit(listing: Listing, latest: dict[str, Any]) -> dict[str, Any]:
    return {
        "latest": latest,
        "install_count": listing.install_count,
        "created_at": format_instant(listing.created_at),
        "updated_at": format_instant(listing.updated_at),
    }


def _entry(row: RegistryVersion, *, has_icon: bool) -> dict[str, Any]:
    return {
        "record": row.record,
        "record_signatures": row.record_signatures or [],
        "state": row.state,
        "icon": has_icon,
    }
