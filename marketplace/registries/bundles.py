"""Bundles for machines without a way out: exported here, imported there as a registry."""

import secrets
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.work import Actor, Works
from marketplace.registries.bundle import read_bundle, write_bundle
from marketplace.registries.client import RegistryClient
from marketplace.registries.clients import FILE, Clients, path_of
from marketplace.registries.errors import RegistryRefused, UnknownRegistry
from marketplace.registries.in_folder import FolderTransport
from marketplace.registries.in_process import LocalTransport
from marketplace.registries.mirror import Mirror, Mirrored
from marketplace.registries.notices import read_notices
from marketplace.registries.offering import Offering, Visitor
from marketplace.registries.proving import Known
from marketplace.registries.rows import EMBEDDED_NAME, Facts, facts_of, row_named
from marketplace.registries.service import OPERATE, Registries, Wish
from marketplace.signing.envelope import SignedText
from marketplace.signing.errors import Untrusted
from marketplace.signing.pins import Pinned, accept, first

_NOBODY: Final = Known("", "", Pinned(0, ()))


class Bundles:
    """Mirrors, exports and imports."""

    def __init__(
        self,
        works: Works,
        registries: Registries,
        clients: Clients,
        offering: Offering,
        folder: Path,
    ) -> None:
        """`folder` holds the registries that were imported, each in a folder by its name."""
        self._works = works
        self._registries = registries
        self._clients = clients
        self._offering = offering
        self._folder = folder

    def mirror(self, wish: Wish, folder: Path) -> Mirrored:
        """Bring a verified copy of all listed packages of a registry into a folder.

        A copy that is there is brought up to date, and its keys have to lead to the present ones.
        ValidationFailed, RegistryUnreachable, RegistryRefused; OSError.
        """
        pin = self._registries.look(wish)
        folder.mkdir(parents=True, exist_ok=True)
        transport = self._clients.transport(wish.name, wish.url, wish.token)
        client = RegistryClient(Known("", wish.name, pin), transport)
        if (folder / "keys.json").exists():
            before = RegistryClient(_NOBODY, FolderTransport(wish.name, folder))
            pin = _pin(wish, client.keys(), first(before.keys()))
        return Mirror(client.with_known(Known("", wish.name, pin)), folder).run()

    def export(self, only: Collection[str], target: Path) -> Mirrored:
        """Put listed extensions of the embedded registry into a bundle; all where none is named.

        RegistryRefused for an id that is not there; OSError.
        """
        transport = LocalTransport(self._offering, Visitor())
        pin = first(RegistryClient(_NOBODY, transport).keys())
        client = RegistryClient(Known("", EMBEDDED_NAME, pin), transport)
        with tempfile.TemporaryDirectory(prefix="geminicrm-export-") as name:
            found = Mirror(client, Path(name)).run(only)
            write_bundle(Path(name), target)
        return found

    def bring_in(self, actor: Actor, bundle: Path, wish: Wish) -> dict[str, Any]:
        """Import a bundle as a registry of its own, or as the newer state of the one of its name.

        All of it is proved before any of it counts. BundleRefused, RegistryRefused; KeyNotPinned
        where it is new and no key is given; OSError.
        """
        with self._works.read(actor) as work:
            work.require(OPERATE)
        known = self._imported(wish.name)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged = self._folder / f".{secrets.token_hex(8)}"
        staged.mkdir()
        try:
            read_bundle(bundle, staged)
            self._prove(wish, staged, known)
            return self._swap(actor, wish, staged, known)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def _imported(self, name: str) -> Facts | None:
        with self._works.across_workspaces("look for an imported registry") as work:
            try:
                facts = facts_of(row_named(work, name))
            except UnknownRegistry:
                return None
        if facts.url is None or Path(path_of(facts.url)) != self._folder / name:
            raise Conflict(f"{name} is a registry that was not imported; choose another name.")
        return facts

    def _prove(self, wish: Wish, staged: Path, known: Facts | None) -> None:
        transport = FolderTransport(wish.name, staged)
        offered = RegistryClient(_NOBODY, transport).keys()
        pin = _pin(wish, offered, known.pin if known else None)
        client = RegistryClient(Known("", wish.name, pin), transport)
        notices = read_notices(client.known, client.notices())
        if known is not None and notices.serial < known.notices_serial:
            raise RegistryRefused(wish.name, "the bundle is older than what was imported before.")
        with tempfile.TemporaryDirectory(prefix="geminicrm-import-") as scratch:
            Mirror(client, Path(scratch)).run()

    def _swap(self, actor: Actor, wish: Wish, staged: Path, known: Facts | None) -> dict[str, Any]:
        place = self._folder / wish.name
        if known is None:
            staged.rename(place)
            try:
                url = f"{FILE}{place}"
                return self._registries.add(actor, Wish(name=wish.name, url=url, key=wish.key))
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
        old = self._folder / f".{secrets.token_hex(8)}"
        place.rename(old)
        staged.rename(place)
        shutil.rmtree(old, ignore_errors=True)
        self._registries.refreshing.one(known)
        return self._registries.get(actor, wish.name)


def _pin(wish: Wish, offered: SignedText, pinned: Pinned | None) -> Pinned:
    try:
        return accept(pinned, offered) if pinned else first(offered, wish.key)
    except Untrusted as error:
        raise RegistryRefused(wish.name, error.detail, "Nothing was imported.") from error
