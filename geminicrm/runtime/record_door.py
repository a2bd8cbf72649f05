"""Records, as an extension meets them: the core's own commands under the extension's actor."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from extensions.sdk.records import Record, RecordPage
from geminicrm.crm.shared.listing import NEWEST, ListPage, ListQuery
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.sdk_errors import translated

NOUNS = {
    "lead": "leads",
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "activity": "activities",
}


class Records(Protocol):
    """The commands of one kind of record (`crm.shared.commands.RecordCommands`)."""

    def get(self, actor: Actor, identifier: str) -> Record:
        """Give one record."""
        ...

    def get_many(self, actor: Actor, identifiers: Sequence[str]) -> Sequence[Record]:
        """Give records in the order asked."""
        ...

    def list(self, actor: Actor, query: ListQuery) -> ListPage:
        """Give a page."""
        ...

    def create(self, actor: Actor, data: Mapping[str, Any]) -> Record:
        """Make a record."""
        ...

    def create_many(self, actor: Actor, items: Sequence[Mapping[str, Any]]) -> Sequence[Record]:
        """Make records, all or none."""
        ...

    def update(
        self,
        actor: Actor,
        identifier: str,
        changes: Mapping[str, Any],
        if_version: int | None = None,
    ) -> Record:
        """Change the named fields."""
        ...

    def update_many(
        self, actor: Actor, changes: Mapping[str, Mapping[str, Any]]
    ) -> Sequence[Record]:
        """Change records, all or none."""
        ...

    def delete(self, actor: Actor, identifier: str, if_version: int | None = None) -> None:
        """Delete a record."""
        ...


class ExtensionRecords:
    """Implements the SDK's RecordDoor; errors of the core come out as those of the SDK.

    Every method raises PermissionDenied where the grant, or the user behind the call, lacks
    `read:<noun>` or `write:<noun>`.
    """

    def __init__(self, kind: str, commands: Records, call: Callable[[], CallContext]) -> None:
        self.door = NOUNS[kind]
        self._kind = kind
        self._commands = commands
        self._call = call

    def get(self, record_id: str) -> Record:
        """Give one record. Raises NotFound."""
        with translated(self._kind, record_id):
            return self._commands.get(self._call().actor, record_id)

    def list(self, *, limit: int = 50, cursor: str | None = None, **filters: str) -> RecordPage:
        """Give a page of up to 100 records; `sort` and `q` as in REST. Raises Invalid."""
        sort = filters.pop("sort", NEWEST)
        search = filters.pop("q", None)
        query = ListQuery(limit, cursor, filters, sort, search)
        with translated(self._kind):
            page = self._commands.list(self._call().actor, query)
        return RecordPage(tuple(page.data), page.next_cursor)

    @noted
    def create(self, data: Mapping[str, Any]) -> Record:
        """Make a record. Raises Invalid, Refused."""
        with translated(self._kind):
            return self._commands.create(self._call().actor, data)

    @noted
    def update(
        self, record_id: str, changes: Mapping[str, Any], *, if_version: int | None = None
    ) -> Record:
        """Change fields. Raises NotFound, Invalid, Refused, Conflict."""
        with translated(self._kind, record_id):
            return self._commands.update(self._call().actor, record_id, changes, if_version)

    @noted
    def delete(self, record_id: str, *, if_version: int | None = None) -> None:
        """Delete a record. Raises NotFound, Conflict."""
        with translated(self._kind, record_id):
            self._commands.delete(self._call().actor, record_id, if_version)

    def get_many(self, record_ids: Sequence[str]) -> tuple[Record, ...]:
        """Give up to 100 records in the order asked; unknown ids are left out."""
        with translated(self._kind):
            return tuple(self._commands.get_many(self._call().actor, record_ids))

    @noted
    def create_many(self, items: Sequence[Mapping[str, Any]]) -> tuple[Record, ...]:
        """Make up to 100 records, all or none. Raises Invalid with `/<index>/<field>`, Refused."""
        with translated(self._kind):
            return tuple(self._commands.create_many(self._call().actor, items))

    @noted
    def update_many(self, changes: Mapping[str, Mapping[str, Any]]) -> tuple[Record, ...]:
        """Change up to 100 records by id, all or none. Raises as `update`."""
        with translated(self._kind):
            return tuple(self._commands.update_many(self._call().actor, changes))
