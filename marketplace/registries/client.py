"""Asking a registry: every answer bounded in time and size, read strictly, proved."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from geminicrm.runtime.install.offers import PackageRef
from marketplace.inspection import MAX_ICON
from marketplace.registries.answers import NotThere
from marketplace.registries.errors import RegistryRefused
from marketplace.registries.proving import Known, Version, prove_text, prove_version
from marketplace.registries.transport import Transport
from marketplace.registries.wire import (
    MAX_BODY,
    Entries,
    Envelope,
    Hit,
    Hits,
    TextsSaid,
    WrongShape,
    read,
)
from marketplace.signing.envelope import SignedText

MEBIBYTE: Final = 1024 * 1024
_ENVELOPE: Final = 2 * MAX_BODY
_LIST: Final = 8 * MEBIBYTE
_TEXTS: Final = MEBIBYTE
DOCUMENT_SECONDS: Final = 10.0
PACKAGE_SECONDS: Final = 120.0
Said = TypeVar("Said", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Counted:
    """A proved version of a list, with what nobody vouches for beside it."""

    version: Version
    install_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a search."""

    found: tuple[Counted, ...]
    next_cursor: str | None
    total: int
    categories: tuple[str, ...]


class RegistryClient:
    """A registry that is not part of this CRM, as it may be believed.

    Everything raises RegistryUnreachable and RegistryRefused; what is asked for by a name raises
    NotThere besides. `seconds` is the most that each document may take.
    """

    def __init__(
        self, known: Known, transport: Transport, seconds: float = DOCUMENT_SECONDS
    ) -> None:
        self.known = known
        self._transport = transport
        self._seconds = seconds

    def with_known(self, known: Known) -> "RegistryClient":
        """Give the same with other keys pinned."""
        return RegistryClient(known, self._transport, self._seconds)

    def keys(self) -> SignedText:
        """Give the key set that it offers now. Nothing is proved: see `pins.accept`."""
        return self._envelope("keys")

    def notices(self) -> SignedText:
        """Give its notices, proved."""
        signed = self._envelope("notices")
        prove_text(self.known, signed, "the document of its notices")
        return signed

    def search(self, query: Mapping[str, str]) -> SearchPage:
        """Give one page of extensions, each with its newest version; the query's own members."""
        try:
            hits = self._read(Hits, "/extensions", query, _LIST)
        except NotThere:
            raise self._wrong("it has no list of extensions.") from None
        return SearchPage(
            tuple(self._counted(each, None) for each in hits.data),
            hits.next_cursor,
            hits.total,
            hits.categories,
        )

    def extension(self, extension_id: str) -> Counted:
        """Give one extension with the version that it calls the newest."""
        hit = self._read(Hit, f"/extensions/{quote(extension_id, safe='')}", {}, _LIST)
        return self._counted(hit, extension_id)

    def versions(self, extension_id: str) -> list[Version]:
        """Give every version in no order."""
        path = f"/extensions/{quote(extension_id, safe='')}/versions"
        entries = self._read(Entries, path, {}, _LIST)
        found = [prove_version(self.known, each, extension_id) for each in entries.data]
        if len({each.ref.version for each in found}) != len(found):
            raise self._wrong(f"it names a version of {extension_id} twice.")
        return found

    def texts(self, extension_id: str, version: str) -> TextsSaid:
        """Give README and changelog; nobody vouches for them, so they are only shown."""
        return self._read(TextsSaid, self._version(extension_id, version, "texts"), {}, _TEXTS)

    def icon(self, extension_id: str, version: str) -> bytes:
        """Give the icon, of which nobody has said what it is."""
        return self._get(self._version(extension_id, version, "icon"), {}, MAX_ICON)

    def package(self, ref: PackageRef, folder: Path) -> bytes:
        """Bring a package in and give its bytes, which have the digest that is signed.

        `folder` holds the file meanwhile; nothing is left there.
        """
        try:
            path = self._transport.package(
                ref.hex_digest, size=ref.size, folder=folder, seconds=PACKAGE_SECONDS
            )
        except NotThere:
            name = f"{ref.extension_id} {ref.version}"
            raise self._wrong(f"it names {name}, but has no package of it.") from None
        try:
            content = path.read_bytes()
        finally:
            path.unlink()
        if hashlib.sha256(content).hexdigest() != ref.hex_digest:
            raise self._wrong(
                f"the package of {ref.extension_id} {ref.version} is not the one that was signed."
            )
        return content

    def _envelope(self, name: str) -> SignedText:
        try:
            return self._read(Envelope, f"/{name}", {}, _ENVELOPE).signed()
        except NotThere:
            raise self._wrong(
                f"it has no {name}.", "Check that its address is that of a registry."
            ) from None

    def _counted(self, hit: Hit, extension_id: str | None) -> Counted:
        version = prove_version(self.known, hit.latest, extension_id)
        return Counted(version, hit.install_count, hit.created_at, hit.updated_at)

    def _read(self, shape: type[Said], path: str, query: Mapping[str, str], most: int) -> Said:
        try:
            return read(shape, self._get(path, query, most))
        except WrongShape as error:
            raise self._wrong(f"its answer to {path} can't be read: {error}.") from None

    def _get(self, path: str, query: Mapping[str, str], most: int) -> bytes:
        return self._transport.get(path, query, most=most, seconds=self._seconds)

    def _version(self, extension_id: str, version: str, what: str) -> str:
        return (
            f"/extensions/{quote(extension_id, safe='')}/versions/{quote(version, safe='')}/{what}"
        )

    def _wrong(self, what: str, mend: str = "") -> RegistryRefused:
        return RegistryRefused(self.known.name, what, mend)
