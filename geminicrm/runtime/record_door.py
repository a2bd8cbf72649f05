"""Records, as an extension meets them: the core's own commands under the extension's actor."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from extensions.sdk import errors as sdk
from extensions.sdk.records import Record, RecordPage
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.sdk_errors import translated

MANY = 100
NOUNS = {
    "lead": "leads",
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "activity": "activities",
}
_SINGULAR = {noun: kind for kind, noun in NOUNS.items()}


class Page(Protocol):
    """A page of a list as the commands give it."""

    @property
    def data(self) -> Sequence[Record]:
        """The records."""
        ...

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None on the last."""
        ...


class Records(Protocol):
    """The commands of one kind of record, the same that REST and pages use.

    Each checks the actor's scope, validates, asks the hooks and writes the audit log.
    """

    def get(self, actor: Actor, identifier: str, /) -> Record:
        """Give one record."""
        ...

    def list(self, actor: Actor, query: Any, /) -> Page:
        """Give a page."""
        ...

    def create(self, actor: Actor, data: dict[str, Any], /) -> Record:
        """Make a record."""
        ...

    def update(
        self, actor: Actor, identifier: str, changes: dict[str, Any], if_version: int | None, /
    ) -> Record:
        """Change the named fields."""
        ...

    def delete(self, actor: Actor, identifier: str, if_version: int | None = None, /) -> None:
        """Delete a record."""
        ...


ListQueryMaker = Callable[[int, str | None, Mapping[str, str]], Any]


class ExtensionRecords:
    """Implements the SDK's RecordDoor; errors of the core come out as those of the SDK."""

    def __init__(
        self,
        noun: str,
        commands: Records,
        make_query: ListQueryMaker,
        call: Callable[[], CallContext],
    ) -> None:
        self._kind = _SINGULAR[noun]
        self._commands = commands
        self._make_query = make_query
        self._call = call

    def get(self, record_id: str) -> Record:
        """Give one record. Raises NotFound, PermissionDenied."""
        with translated(self._kind, record_id):
            return self._commands.get(self._call().actor, record_id)

    def list(self, *, limit: int = 50, cursor: str | None = None, **filters: str) -> RecordPage:
        """Give a page of up to 100 records. Raises Invalid, PermissionDenied."""
        with translated(self._kind):
            query = self._make_query(limit, cursor, filters)
            page = self._commands.list(self._call().actor, query)
        return RecordPage(tuple(page.data), page.next_cursor)

    def create(self, data: Mapping[str, Any]) -> Record:
        """Make a record. Raises Invalid, Refused, PermissionDenied."""
        with translated(self._kind):
            return self._commands.create(self._call().actor, dict(data))

    def update(
        self, record_id: str, changes: Mapping[str, Any], *, if_version: int | None = None
    ) -> Record:
        """Change fields. Raises NotFound, Invalid, Refused, Conflict, PermissionDenied."""
        with translated(self._kind, record_id):
            return self._commands.update(self._call().actor, record_id, dict(changes), if_version)

    def delete(self, record_id: str, *, if_version: int | None = None) -> None:
        """Delete a record. Raises NotFound, Conflict, PermissionDenied."""
        with translated(self._kind, record_id):
            self._commands.delete(self._call().actor, record_id, if_version)

    def get_many(self, record_ids: Sequence[str]) -> tuple[Record, ...]:
        """Give up to 100 records in the order asked; unknown ids are left out."""
        _check_size(record_ids)
        found = []
        for record_id in record_ids:
            with contextlib.suppress(sdk.NotFound):
                found.append(self.get(record_id))
        return tuple(found)

    def create_many(self, items: Sequence[Mapping[str, Any]]) -> tuple[Record, ...]:
        """Make up to 100 records, all or none.

        Each is a change of its own, with its hooks and its event; where one fails, those made
        before it are deleted again. Raises Invalid with `/<index>/<field>`, and as `create`.
        """
        _check_size(items)
        made: list[Record] = []
        for place, item in enumerate(items):
            with self._all_or_none(str(place), lambda: self._delete_again(made)):
                made.append(self.create(item))
        return tuple(made)

    def update_many(self, changes: Mapping[str, Mapping[str, Any]]) -> tuple[Record, ...]:
        """Change up to 100 records, all or none; pointers are `/<id>/<field>`.

        Where one fails, those changed before it get their values back. Raises as `update`.
        """
        _check_size(changes)
        before: list[tuple[Record, Mapping[str, Any]]] = []
        changed: list[Record] = []
        for record_id, fields in changes.items():
            with self._all_or_none(record_id, lambda: self._change_back(before)):
                old = self.get(record_id)
                changed.append(self.update(record_id, fields, if_version=old["version"]))
                before.append((old, fields))
        return tuple(changed)

    @contextlib.contextmanager
    def _all_or_none(self, place: str, undo: Callable[[], None]) -> Iterator[None]:
        try:
            yield
        except sdk.SdkError as error:
            undo()
            if isinstance(error, sdk.Invalid):
                raise sdk.Invalid(
                    [
                        sdk.Finding(f"/{place}{one.pointer}", one.code, one.message)
                        for one in error.findings
                    ]
                ) from error
            raise

    def _delete_again(self, made: Sequence[Record]) -> None:
        actor = self._call().actor
        for record in made:
            with contextlib.suppress(AppError):  # somebody may have taken it up already
                self._commands.delete(actor, record["id"], record["version"])

    def _change_back(self, before: Sequence[tuple[Record, Mapping[str, Any]]]) -> None:
        actor = self._call().actor
        for record, fields in before:
            old = {name: record[name] for name in fields if name in record}
            with contextlib.suppress(AppError):  # somebody may have changed it again
                self._commands.update(actor, record["id"], old, record["version"] + 1)


def _check_size(many: Sequence[Any] | Mapping[str, Any]) -> None:
    if len(many) > MANY:
        message = f"{len(many)} at once are too many; {MANY} are allowed."
        raise sdk.Invalid([sdk.Finding("", "too_many", message)])
