"""Looking around in other registries, and telling what would come from where."""

from dataclasses import dataclass

from geminicrm.kernel.errors import AppError, NotFound
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.install.offers import PackageSource
from marketplace.registries.clients import Clients
from marketplace.registries.errors import UnknownRegistry
from marketplace.registries.remote_catalogue import RemoteCatalogue
from marketplace.registries.rows import Facts, every_registry, origin_of


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an extension would come from, were it installed now; empty where nobody can tell."""

    registry_id: str
    name: str


class Browsing:
    """Gives the registries that are switched on as catalogues for pages."""

    def __init__(self, works: Works, clients: Clients, embedded: PackageSource) -> None:
        self._works = works
        self._clients = clients
        self._embedded = embedded

    def others(self) -> list[Facts]:
        """Give every other registry that is switched on, in the order in which they are asked."""
        with self._works.across_workspaces("list the registries to look at") as work:
            return [one for one in every_registry(work) if one.enabled and not one.embedded]

    def of(self, name: str) -> RemoteCatalogue:
        """Give a registry by its name; UnknownRegistry, RegistryRefused without keys."""
        facts = next((one for one in self.others() if one.name == name), None)
        if facts is None:
            raise UnknownRegistry(name)
        return self._catalogue(facts)

    def origin(self, actor: Actor, extension_id: str) -> Origin:
        """Tell which registry an id comes from in the actor's workspace, by the rule of installs.

        One that does not answer ends the search here too.
        """
        with self._works.across_workspaces("see where an extension comes from") as work:
            bound = origin_of(work, actor.workspace_id, extension_id)
            every = every_registry(work)
        if bound is not None:
            name = next((one.name for one in every if one.id == bound), bound)
            return Origin(bound, name)
        return self._first(actor, extension_id, [one for one in every if one.enabled])

    def _first(self, actor: Actor, extension_id: str, enabled: list[Facts]) -> Origin:
        for facts in enabled:
            try:
                if self._has(actor, facts, extension_id):
                    return Origin(facts.id, facts.name)
            except NotFound:
                continue
            except AppError:
                return Origin("", facts.name)
        return Origin("", "")

    def _has(self, actor: Actor, facts: Facts, extension_id: str) -> bool:
        if facts.embedded:
            return bool(self._embedded.versions(actor.workspace_id, extension_id))
        return bool(self._catalogue(facts).versions(actor, extension_id))

    def _catalogue(self, facts: Facts) -> RemoteCatalogue:
        return RemoteCatalogue(facts, self._clients.for_pages(facts))
