"""What this room needs of rooms above it; app.py hands it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

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
from geminicrm.kernel.work import Work


class FarCrm(Protocol):
    """Another CRM by way of one connection; each operation raises SdkError. See the contract."""

    @property
    def extension_id(self) -> str:
        """Name the integration."""
        ...

    @property
    def name(self) -> str:
        """Give the integration's name as people read it."""
        ...

    def standard_fields(self, kind: Kind) -> StandardFields:
        """Tell what our fields are called there."""
        ...

    def changes(self, kind: Kind, properties: tuple[str, ...], cursor: str) -> Page:
        """Give what was made or changed."""
        ...

    def archived(self, kind: Kind, properties: tuple[str, ...], cursor: str) -> Page:
        """Give what is archived."""
        ...

    def search(self, kind: Kind, search: Search, cursor: str) -> Page:
        """Find records."""
        ...

    def read_many(
        self, kind: Kind, ids: tuple[str, ...], properties: tuple[str, ...]
    ) -> BatchResult:
        """Read many by their ids."""
        ...

    def create_many(self, kind: Kind, items: tuple[Mapping[str, str], ...]) -> BatchResult:
        """Make many."""
        ...

    def update_many(self, kind: Kind, changes: tuple[Change, ...]) -> BatchResult:
        """Change many."""
        ...

    def upsert_many(self, kind: Kind, changes: tuple[Change, ...], by: str) -> BatchResult:
        """Change or make many."""
        ...

    def archive_many(self, kind: Kind, ids: tuple[str, ...]) -> BatchResult:
        """Put many away."""
        ...

    def pipelines(self) -> tuple[Pipeline, ...]:
        """Give the pipelines of deals."""
        ...

    def owners(self) -> tuple[Owner, ...]:
        """Give all owners of records."""
        ...

    def links(self, from_kind: Kind, to_kind: Kind, ids: tuple[str, ...]) -> tuple[Link, ...]:
        """Give the links of up to 100 records to records of another kind."""
        ...

    def link(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Link pairs of records; asked twice it is the same."""
        ...

    def unlink(self, from_kind: Kind, to_kind: Kind, links: tuple[Link, ...]) -> BatchResult:
        """Take links away; asked twice it is the same."""
        ...


class FarCrms(Protocol):
    """Whoever provides the capability `crm_sync`."""

    def open(self, workspace_id: str, connection_id: str) -> FarCrm | None:
        """Give what a connection leads to; None where it does not run or syncs nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A connection as this room sees it; `syncs` says whether its integration can sync."""

    id: str
    name: str
    service: str
    syncs: bool


class FindConnection(Protocol):
    """Finds a connection that the actor may see."""

    def __call__(self, work: Work, connection_id: str) -> Place:
        """Give it. Raises NotFound, ScopeMissing."""
        ...
