"""The one door to each kind of record: the REST API, pages and extensions all go through it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from geminicrm.crm.shared import service
from geminicrm.crm.shared.listing import ListPage, ListQuery
from geminicrm.crm.shared.schemas import Needs, below, parse
from geminicrm.crm.shared.spec import RecordSpec, Rest
from geminicrm.kernel.errors import (
    Conflict,
    Finding,
    PreconditionFailed,
    ScopeMissing,
    ValidationFailed,
)
from geminicrm.kernel.work import Actor, Work, Works

MAX_BATCH = 100
_ATTEMPTS = 3
Item = TypeVar("Item")
Along = Callable[[Work, Rest], object]
"""What is done in the same transaction with a record that was made."""


class ChangeRefused(ValidationFailed):
    """An extension does not allow the change; `extension` names it."""

    code = "change_refused"
    title = "An extension refused the change"

    def __init__(self, extension: str, reason: str, field: str | None = None) -> None:
        finding = Finding(f"/{field}" if field else "", "refused", reason)
        super().__init__([finding], f"{extension} refused the change: {reason}")
        self.extension = extension
        self.extra["extension"] = extension


class RecordHooks(Protocol):
    """Those who take part in changes and pages of records."""

    def wants(self, actor: Actor, record_type: str) -> bool:
        """Tell, from memory, whether anybody looks at changes of this kind in this workspace."""
        ...

    def before_save(
        self, actor: Actor, record_type: str, action: str, before: Rest | None, draft: Rest
    ) -> None:
        """Look at a change before it is made; ChangeRefused stops it. Never in a transaction."""
        ...

    def badges(
        self, actor: Actor, record_type: str, records: Sequence[Rest]
    ) -> dict[str, Sequence[Rest]]:
        """Give the badges of each record id."""
        ...


class NoHooks:
    """Nobody takes part."""

    def wants(self, actor: Actor, record_type: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Say no."""
        return False

    def before_save(
        self, actor: Actor, record_type: str, action: str, before: Rest | None, draft: Rest
    ) -> None:
        """Allow."""

    def badges(
        self,
        actor: Actor,  # noqa: ARG002 - the protocol's signature
        record_type: str,  # noqa: ARG002 - the protocol's signature
        records: Sequence[Rest],  # noqa: ARG002 - the protocol's signature
    ) -> dict[str, Sequence[Rest]]:
        """Give none."""
        return {}


class RecordCommands:
    """Reads and changes one kind of record; takes and gives records in their REST shape.

    Every method raises ScopeMissing where the actor lacks `read:<noun>` or `write:<noun>`.
    """

    def __init__(self, works: Works, hooks: RecordHooks, spec: RecordSpec) -> None:
        self.works = works
        self.hooks = hooks
        self.spec = spec

    def get(self, actor: Actor, identifier: str) -> Rest:
        """Give one record. Raises NotFound."""
        with self.works.read(actor) as work:
            return service.get(work, self.spec, identifier)

    def get_many(self, actor: Actor, identifiers: Sequence[str]) -> Sequence[Rest]:
        """Give up to 100 records in the order asked; unknown ids are left out."""
        _limit(len(identifiers))
        with self.works.read(actor) as work:
            return service.get_many(work, self.spec, identifiers)

    def list(self, actor: Actor, query: ListQuery | None = None) -> ListPage:
        """Give one page of a list. Raises ValidationFailed for wrong filters, sorts, cursors."""
        with self.works.read(actor) as work:
            return service.list_page(work, self.spec, query or ListQuery())

    def create(self, actor: Actor, data: Mapping[str, Any], along: Along | None = None) -> Rest:
        """Create a record, and what goes `along` with it. Raises ValidationFailed, ChangeRefused.

        Whatever `along` raises undoes both.
        """
        values = self._parsed(actor, data, self.spec.needs)
        return self._create_all(actor, [values], along=along)[0]

    def create_many(self, actor: Actor, items: Sequence[Mapping[str, Any]]) -> Sequence[Rest]:
        """Create up to 100 records, all or none; findings point at `/<index>/<field>`."""
        _limit(len(items))
        needs = self.spec.needs
        parsed = _each(enumerate(items), lambda data: self._parsed(actor, data, needs))
        return self._create_all(actor, parsed, numbered=True)

    def update(
        self,
        actor: Actor,
        identifier: str,
        changes: Mapping[str, Any],
        if_version: int | None = None,
    ) -> Rest:
        """Change the named fields. Raises NotFound, ValidationFailed, ChangeRefused.

        PreconditionFailed when `if_version` is given and is not the present version; without it
        the change is repeated on the newer record when another writer came between.
        """
        values = self._parsed(actor, changes)
        return self._update_all(actor, {identifier: values}, if_version)[0]

    def update_many(self, actor: Actor, changes: Mapping[str, Mapping[str, Any]]) -> Sequence[Rest]:
        """Change up to 100 records by id, all or none; findings point at `/<id>/<field>`."""
        _limit(len(changes))
        parsed = _each(changes.items(), lambda data: self._parsed(actor, data))
        return self._update_all(actor, dict(zip(changes, parsed, strict=True)), numbered=True)

    def delete(self, actor: Actor, identifier: str, if_version: int | None = None) -> None:
        """Delete a record. Raises NotFound, PreconditionFailed."""
        with self.works.write(actor) as work:
            service.delete(work, self.spec, identifier, if_version)

    def badges(self, actor: Actor, records: Sequence[Rest]) -> dict[str, Sequence[Rest]]:
        """Give what extensions show beside the records, by record id."""
        return self.hooks.badges(actor, self.spec.kind, records)

    def _parsed(
        self, actor: Actor, data: Mapping[str, Any], needs: Needs | None = None
    ) -> dict[str, Any]:
        may(actor, f"write:{self.spec.noun}")
        try:
            return parse(self.spec.schema, data, needs)
        except ValidationFailed as error:
            raise ValidationFailed([*error.findings, *self._further(actor, data, error)]) from None

    def _further(
        self, actor: Actor, data: Mapping[str, Any], error: ValidationFailed
    ) -> Sequence[Finding]:
        """Find what else is wrong with the fields that could be read: all is told at once."""
        wrong = {finding.pointer.split("/")[1] for finding in error.findings if finding.pointer}
        rest = {name: value for name, value in data.items() if name not in wrong}
        try:
            values = parse(self.spec.schema, rest)
            with self.works.read(actor) as work:
                service.preview_create(work, self.spec, values)
        except ValidationFailed as more:
            return [each for each in more.findings if each.pointer.strip("/") in rest]
        return []

    def _create_all(
        self,
        actor: Actor,
        items: Sequence[Rest],
        *,
        numbered: bool = False,
        along: Along | None = None,
    ) -> Sequence[Rest]:
        spec = self.spec
        if self.hooks.wants(actor, spec.kind):
            with self.works.read(actor) as work:
                drafts = [service.preview_create(work, spec, values) for values in items]
            for draft in drafts:
                self.hooks.before_save(actor, spec.kind, "create", None, draft)
        with self.works.write(actor) as work:
            if not numbered:
                made = [service.create(work, spec, values) for values in items]
                if along is not None:
                    along(work, made[0])
                return made
            return _each(enumerate(items), lambda values: service.create(work, spec, values))

    def _update_all(
        self,
        actor: Actor,
        asked: Mapping[str, Rest],
        if_version: int | None = None,
        *,
        numbered: bool = False,
    ) -> Sequence[Rest]:
        for _ in range(_ATTEMPTS):
            seen = self._ask_hooks(actor, asked, if_version)
            try:
                return self._store(actor, asked, seen, numbered=numbered)
            except PreconditionFailed:
                if if_version is not None:
                    raise
        raise Conflict("Others keep changing this record; try again.")

    def _ask_hooks(
        self, actor: Actor, asked: Mapping[str, Rest], if_version: int | None
    ) -> dict[str, int | None]:
        """Show the drafts to the hooks; give the versions that the drafts were made from."""
        kind = self.spec.kind
        if not self.hooks.wants(actor, kind):
            return dict.fromkeys(asked, if_version)
        with self.works.read(actor) as work:
            drafts = [
                service.preview_update(work, self.spec, identifier, values, if_version)
                for identifier, values in asked.items()
            ]
        for before, draft in drafts:
            self.hooks.before_save(actor, kind, "update", before, draft)
        return {before["id"]: before["version"] for before, _ in drafts}

    def _store(
        self,
        actor: Actor,
        asked: Mapping[str, Rest],
        seen: Mapping[str, int | None],
        *,
        numbered: bool,
    ) -> Sequence[Rest]:
        with self.works.write(actor) as work:

            def change(identifier: str) -> Rest:
                values = asked[identifier]
                return service.update(work, self.spec, identifier, values, seen[identifier])

            if not numbered:
                return [change(identifier) for identifier in asked]
            return _each(((identifier, identifier) for identifier in asked), change)


def may(actor: Actor, scope: str) -> None:
    """Raise ScopeMissing before input is read; the service asks again, and that one counts."""
    if scope not in actor.scopes:
        raise ScopeMissing(scope, actor.label)


def _limit(count: int) -> None:
    if count > MAX_BATCH:
        raise ValidationFailed([Finding("", "too_many", f"At most {MAX_BATCH} at once.")])


def _each(items: Iterable[tuple[object, Item]], make: Callable[[Item], Rest]) -> list[Rest]:
    """Make every item; ValidationFailed points into the batch and lists what is wrong in it."""
    made, findings = [], []
    for name, item in items:
        try:
            made.append(make(item))
        except ValidationFailed as error:
            findings.extend(below(f"/{name}", error.findings))
    if findings:
        raise ValidationFailed(findings)
    return made
