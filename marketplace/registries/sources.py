"""Where packages come from: the registry that an id is bound to, else the first that has it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.work import Works
from geminicrm.runtime.install.offers import Offered, PackageRef, PackageSource
from geminicrm.runtime.models import EMBEDDED
from geminicrm.runtime.semver import SemVer
from marketplace.blobs import PackageDamaged
from marketplace.errors import UnknownExtension
from marketplace.listings import latest_of
from marketplace.registries.answers import NotThere
from marketplace.registries.clients import Clients, known
from marketplace.registries.errors import RegistryRefused, RegistryUnreachable
from marketplace.registries.notices import Notices
from marketplace.registries.proving import HAD, Version, prove_ref
from marketplace.registries.refreshing import Refreshing
from marketplace.registries.rows import Facts, every_registry, origin_of

Vouch = Callable[[PackageRef], PackageRef]


class Store(Protocol):
    """Where packages are kept by their digest: `marketplace.blobs.Blobs`."""

    def read(self, digest: str) -> bytes:
        """Give a package; PackageDamaged where it is not there or not whole."""
        ...

    def put(self, content: bytes) -> str:
        """Keep a package and give its digest."""
        ...


class Sources:
    """Every registry of this CRM as the install pipeline sees them; a `PackageSource`.

    An id that was ever installed in a workspace comes from the same registry for good: upgrades and
    rollbacks never fall through to another one. Any other id comes from the first registry, in the
    operator's order, that has a version of it; one that can't be asked ends the search, since
    whoever can silence a registry must not choose where packages come from.
    """

    def __init__(
        self,
        works: Works,
        embedded: tuple[PackageSource, Vouch],
        clients: Clients,
        refreshing: Refreshing,
        store: Store,
        folder: Path,
    ) -> None:
        """`folder` holds packages on their way."""
        self._works = works
        self._embedded, self._vouch_embedded = embedded
        self._clients = clients
        self._refreshing = refreshing
        self._store = store
        self._folder = folder

    def find(self, workspace_id: str, extension_id: str, version: str | None) -> PackageRef:
        """Name a version, the newest good one for None; a yanked one only by name.

        UnknownExtension; RegistryUnreachable, RegistryRefused.
        """
        for facts in self._asked(workspace_id, extension_id):
            if facts.embedded:
                ref = self._find_here(workspace_id, extension_id, version)
                if ref is not None:
                    return ref
            elif found := self._remote(facts, extension_id):
                return _choose(extension_id, version, found).ref
        raise UnknownExtension(extension_id, version)

    def versions(self, workspace_id: str, extension_id: str) -> Sequence[Offered]:
        """Give every version of the registry that it would come from; none for an unknown id."""
        return self._offered(workspace_id, extension_id, self._remote)

    def glance(self, workspace_id: str, extension_id: str) -> Sequence[Offered]:
        """Give the same for a page, from what was said a moment ago or can be said soon.

        Whether a version may be installed is looked at again then. Raises as `find`.
        """
        return self._offered(workspace_id, extension_id, self._soon)

    def read(self, ref: PackageRef) -> bytes:
        """Give the bytes of a package; what was brought in once is kept.

        So an installation is mounted again, or gone back to, while its registry is away.
        """
        if ref.registry_id == EMBEDDED:
            return self._embedded.read(ref)
        try:
            return self._store.read(ref.hex_digest)
        except PackageDamaged:
            pass
        facts = self._facts(ref.registry_id, ref.extension_id)
        proved = prove_ref(known(facts), ref)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = self._clients.of(facts).package(proved, self._folder)
        self._store.put(content)
        return content

    def vouch(self, ref: PackageRef) -> PackageRef:
        """Give a reference as its registry has signed it; RegistryRefused where it has not."""
        if ref.registry_id == EMBEDDED:
            return self._vouch_embedded(ref)
        return prove_ref(known(self._facts(ref.registry_id, ref.extension_id)), ref)

    def home_of(self, workspace_id: str, extension_id: str) -> Facts | None:
        """Tell which registry an id is bound to in a workspace; None where to none."""
        with self._works.across_workspaces("see where an extension comes from") as work:
            bound = origin_of(work, workspace_id, extension_id)
            return next((one for one in every_registry(work) if one.id == bound), None)

    def _asked(self, workspace_id: str, extension_id: str) -> Iterator[Facts]:
        with self._works.across_workspaces("choose a registry") as work:
            bound = origin_of(work, workspace_id, extension_id)
            every = every_registry(work)
        if bound is None:
            yield from (one for one in every if one.enabled)
        else:
            yield _bound(every, bound, extension_id)

    def _offered(
        self,
        workspace_id: str,
        extension_id: str,
        remote: Callable[[Facts, str], Sequence[Version]],
    ) -> Sequence[Offered]:
        for facts in self._asked(workspace_id, extension_id):
            if facts.embedded:
                offered = self._embedded.versions(workspace_id, extension_id)
            else:
                offered = [each.offered() for each in remote(facts, extension_id)]
            if offered:
                return offered
        return ()

    def _facts(self, registry_id: str, extension_id: str) -> Facts:
        with self._works.across_workspaces("read a registry") as work:
            return _bound(every_registry(work), registry_id, extension_id)

    def _find_here(
        self, workspace_id: str, extension_id: str, version: str | None
    ) -> PackageRef | None:
        """Ask the embedded registry; None only where it knows nothing of the id."""
        try:
            return self._embedded.find(workspace_id, extension_id, version)
        except NotFound:
            if self._embedded.versions(workspace_id, extension_id):
                raise
            return None

    def _remote(self, facts: Facts, extension_id: str) -> list[Version]:
        """Give what can be had of an extension, the highest first, as notices leave it."""
        fresh = self._refreshing.for_install(facts)
        return had_versions(fresh, self._clients.of(fresh).versions, extension_id)

    def _soon(self, facts: Facts, extension_id: str) -> list[Version]:
        return had_versions(facts, self._clients.for_pages(facts).versions, extension_id)


def had_versions(
    facts: Facts, ask: Callable[[str], list[Version]], extension_id: str
) -> list[Version]:
    """Give the versions that can be had, the highest first; none where there is no such id."""
    try:
        found = ask(extension_id)
    except NotThere:
        return []
    left = [as_noticed(facts, each) for each in found]
    had = [each for each in left if each.ref.state in HAD]
    return sorted(had, key=lambda each: SemVer.parse(each.ref.version), reverse=True)


def as_noticed(facts: Facts, version: Version) -> Version:
    """Give a version in the state that the registry's notices leave it in."""
    if facts.notices is None:
        return version
    ref = version.ref
    notices = Notices.model_validate(facts.notices)
    return version.with_state(notices.state_of(ref.extension_id, ref.version, ref.state))


def newest(versions: Sequence[Version]) -> Version | None:
    """Choose what people get unless they ask for another, whatever the registry says of it."""
    listed = {each.ref.version: each for each in versions if each.ref.state == "listed"}
    return listed[latest_of(list(listed))] if listed else None


def _choose(extension_id: str, version: str | None, found: Sequence[Version]) -> Version:
    if version is None:
        chosen = newest(found)
    else:
        chosen = next((each for each in found if each.ref.version == version), None)
    if chosen is None:
        raise UnknownExtension(extension_id, version)
    return chosen


def _bound(every: Sequence[Facts], registry_id: str, extension_id: str) -> Facts:
    facts = next((one for one in every if one.id == registry_id), None)
    if facts is None:
        raise RegistryRefused(
            registry_id,
            f"{extension_id} came from it, and it was removed from this CRM.",
            "What runs goes on. Uninstall it to take it from another registry.",
        )
    if not facts.enabled:
        raise RegistryUnreachable(
            facts.name, f"it is switched off here, and {extension_id} comes from it."
        )
    return facts
