"""Syncing through whoever provides the capability `crm_sync`: implements what syncing needs."""

from collections.abc import Mapping
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import (
    BatchResult,
    Change,
    Kind,
    Link,
    Owner,
    Page,
    Pipeline,
    Search,
    StandardFields,
)
from geminicrm.connections.book import ConnectionBook
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.work import Work
from geminicrm.runtime.capabilities import Capabilities
from geminicrm.runtime.providers import Asked, Provider
from geminicrm.syncing.doors_needed import FindConnection, Place

_CRM_SYNC: Final = "crm_sync"


class CapabilityCrm:
    """Implements FarCrm for one connection."""

    def __init__(self, capabilities: Capabilities, provider: Provider) -> None:
        self._capabilities = capabilities
        self._provider = provider
        self._actor = SystemActor(provider.installed.workspace_id)
        self.extension_id = provider.installed.extension_id
        self.name = provider.installed.name

    def standard_fields(self, kind: Kind) -> StandardFields:
        """Tell what our fields are called there."""
        fields: StandardFields = self._ask("standard_fields", kind=kind)
        return fields

    def changes(self, kind: Kind, properties: tuple[str, ...], cursor: str) -> Page:
        """Give what was made or changed."""
        page: Page = self._ask("changes", kind=kind, properties=properties, cursor=cursor)
        return page

    def archived(self, kind: Kind, properties: tuple[str, ...], cursor: str) -> Page:
        """Give what is archived."""
        page: Page = self._ask("archived", kind=kind, properties=properties, cursor=cursor)
        return page

    def search(self, kind: Kind, search: Search, cursor: str) -> Page:
        """Find records."""
        page: Page = self._ask("search", kind=kind, search=search, cursor=cursor)
        return page

    def read_many(
        self, kind: Kind, ids: tuple[str, ...], properties: tuple[str, ...]
    ) -> BatchResult:
        """Read many by their ids."""
        return self._many("read_many", kind=kind, ids=ids, properties=properties)

    def create_many(self, kind: Kind, items: tuple[Mapping[str, str], ...]) -> BatchResult:
        """Make many."""
        return self._many("create_many", kind=kind, items=items)

    def update_many(self, kind: Kind, changes: tuple[Change, ...]) -> BatchResult:
        """Change many."""
        return self._many("update_many", kind=kind, changes=changes)

    def upsert_many(self, kind: Kind, changes: tuple[Change, ...], by: str) -> BatchResult:
        """Change or make many."""
        return self._many("upsert_many", kind=kind, changes=changes, by=by)

    def archive_many(self, kind: Kind, ids: tuple[str, ...]) -> BatchResult:
        """Put many away."""
        return self._many("archive_many", kind=kind, ids=ids)

    def pipelines(self) -> tuple[Pipeline, ...]:
        """Give the pipelines of deals."""
        found: tuple[Pipeline, ...] = self._ask("pipelines")
        return found

    def owners(self) -> tuple[Owner, ...]:
        """Give all owners of records."""
        found: tuple[Owner, ...] = self._ask("owners")
        return found

    def links(self, from_kind: Kind, to_kind: Kind, ids: tuple[str, ...]) -> tuple[Link, ...]:
        """Give the links of up to 100 records to records of another kind."""
        found: tuple[Link, ...] = self._ask("links", from_kind=from_kind, to_kind=to_kind, ids=ids)
        return found

    def link(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Link pairs of records."""
        return self._many("link", from_kind=from_kind, to_kind=to_kind, links=links)

    def unlink(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Take links away."""
        return self._many("unlink", from_kind=from_kind, to_kind=to_kind, links=links)

    def _many(self, operation: str, **given: Any) -> BatchResult:
        result: BatchResult = self._ask(operation, **given)
        return result

    def _ask(self, operation: str, **given: Any) -> Any:
        asked = Asked(capability=_CRM_SYNC, operation=operation, arguments=given)
        return self._capabilities.ask_one(self._actor, self._provider, asked)


class CapabilityCrms:
    """Implements FarCrms."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities

    def open(self, workspace_id: str, connection_id: str) -> CapabilityCrm | None:
        """Give what a connection leads to; None where it does not run or syncs nothing."""
        for provider in self._capabilities.everywhere(_CRM_SYNC):
            mine = provider.installed.workspace_id == workspace_id
            if mine and provider.connection.id == connection_id:
                return CapabilityCrm(self._capabilities, provider)
        return None


def place_of(book: ConnectionBook) -> FindConnection:
    """Make what finds a connection that the actor may see."""

    def place(work: Work, connection_id: str) -> Place:
        row = book.get(work, connection_id)
        service = book.services.find(work.workspace_id, row.extension_id)
        if service is None:
            raise NotFound("integration", connection_id)
        return Place(
            id=row.id, name=row.name, service=service.name, syncs=_CRM_SYNC in service.provides
        )

    return place
