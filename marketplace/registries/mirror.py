"""Copies of registries in folders: all that is listed, verified, laid out as answers by path."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from geminicrm.kernel.clock import format_instant
from marketplace.listings import latest_of
from marketplace.registries.answers import NotThere
from marketplace.registries.client import Counted, RegistryClient
from marketplace.registries.errors import RegistryRefused
from marketplace.registries.in_folder import file_of
from marketplace.registries.notices import Notices, read_notices
from marketplace.registries.proving import HAD, Version
from marketplace.signing.envelope import SignedText, signature_dicts
from marketplace.whole_files import write_whole

_PAGE = "100"


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a copy holds."""

    extensions: int
    versions: int
    bytes: int


class Mirror:
    """Brings a copy of a registry into a folder; what is there already is not fetched again.

    The list of extensions comes last, so that what it names is there. Everything is proved before
    it is written, and nobody has to believe the folder: whoever reads it proves it again.
    """

    def __init__(self, client: RegistryClient, folder: Path) -> None:
        self._client = client
        self._folder = folder

    def run(self, only: Collection[str] = ()) -> Mirrored:
        """Copy all extensions, or only those of some ids, with all versions that can be had.

        RegistryUnreachable, RegistryRefused (also for an id that is not there), OSError.
        """
        signed = self._client.notices()
        notices = read_notices(self._client.known, signed)
        self._document("keys", self._client.keys())
        self._document("notices", signed)
        every = [each for each in self._all() if not only or each.version.ref.extension_id in only]
        missing = set(only) - {each.version.ref.extension_id for each in every}
        if missing:
            names = ", ".join(sorted(missing))
            raise RegistryRefused(self._client.known.name, f"it has no {names}.")
        copied = [self._extension(each, notices) for each in every]
        self._write(file_of("/extensions"), {"data": [hit for hit, _ in copied]})
        versions = [one for _, found in copied for one in found]
        return Mirrored(len(every), len(versions), sum(one.ref.size for one in versions))

    def _all(self) -> list[Counted]:
        found: list[Counted] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"sort": "name", "limit": _PAGE, **({"cursor": cursor} if cursor else {})}
            page = self._client.search(query)
            found += page.found
            cursor = page.next_cursor
            if not page.found:
                break
        return sorted(found, key=lambda each: each.version.ref.extension_id)

    def _extension(
        self, counted: Counted, notices: Notices
    ) -> tuple[dict[str, Any], list[Version]]:
        name = counted.version.ref.extension_id
        found = [one for one in self._client.versions(name) if _may_be_had(one, notices)]
        found.sort(key=lambda one: one.ref.version)
        for each in found:
            self._version(each)
        listed = {one.ref.version: one for one in found}
        latest = listed[latest_of(list(listed))] if listed else counted.version
        hit = {
            "latest": _entry(latest),
            "install_count": counted.install_count,
            "created_at": format_instant(counted.created_at),
            "updated_at": format_instant(counted.updated_at),
        }
        self._write(file_of(f"/extensions/{name}"), hit)
        entries = {"data": [_entry(one) for one in found]}
        self._write(file_of(f"/extensions/{name}/versions"), entries)
        return hit, found

    def _version(self, version: Version) -> None:
        name, number = version.ref.extension_id, version.ref.version
        place = f"/extensions/{name}/versions/{number}"
        package = self._folder / f"packages/{version.ref.hex_digest}.gcx"
        if not package.exists():
            package.parent.mkdir(parents=True, exist_ok=True)
            write_whole(package, self._client.package(version.ref, package.parent))
        try:
            texts = self._client.texts(name, number)
            self._write(file_of(f"{place}/texts"), texts.model_dump())
            if version.has_icon:
                self._put(file_of(f"{place}/icon"), self._client.icon(name, number))
        except NotThere:
            return

    def _document(self, name: str, signed: SignedText) -> None:
        self._write(file_of(f"/{name}"), signed.to_dict())

    def _write(self, name: str, payload: Any) -> None:
        self._put(name, orjson.dumps(payload, option=orjson.OPT_SORT_KEYS))

    def _put(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)


def _may_be_had(version: Version, notices: Notices) -> bool:
    ref = version.ref
    return notices.state_of(ref.extension_id, ref.version, ref.state) in HAD


def _entry(version: Version) -> dict[str, Any]:
    ref = version.ref
    return {
        "record": ref.record,
        "record_signatures": signature_dicts(ref.record_signatures),
        "state": ref.state,
        "icon": version.has_icon,
    }
