"""Writing values of the other side into our records: what is refused is told, the rest is done."""

from collections.abc import Iterable, Mapping
from typing import Any

from geminicrm.crm.shared import service
from geminicrm.crm.shared.schemas import parse
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.work import Work
from geminicrm.syncing.merging import Conflict
from geminicrm.syncing.pairing import Pairing

_SIDES = {"ours": "here", "theirs": "there"}


def write(
    work: Work, pairing: Pairing, ours: Rest | None, data: Mapping[str, Any]
) -> tuple[Rest | None, list[Finding]]:
    """Make or change our record; give it, None where nothing of it could be done, and why.

    Raises PreconditionFailed where somebody else has changed it since it was read.
    """
    left, refused = dict(data), list[Finding]()
    while True:
        try:
            return _written(work, pairing, ours, left), refused
        except ValidationFailed as error:
            refused += [one for one in error.findings if one not in refused]
            wrong = fields_of(error.findings)
            kept = {name: value for name, value in left.items() if name not in wrong}
            if len(kept) == len(left) or not kept:
                return ours, refused
            left = kept


def fields_of(findings: Iterable[Finding]) -> set[str]:
    """Name the fields that findings are about."""
    return {one.pointer.split("/")[1] for one in findings if one.pointer}


def told(findings: Iterable[Finding]) -> str:
    """Write findings as a sentence for people."""
    return " ".join(f"{one.pointer.strip('/') or 'record'}: {one.message}" for one in findings)


def note_conflicts(
    work: Work, pairing: Pairing, record_id: str, conflicts: Iterable[Conflict]
) -> dict[str, Any] | None:
    """Put each conflict on the record as a note; give the last one for the link."""
    last = None
    for one in conflicts:
        ours, theirs = (pairing.fields.said(one.field, each) for each in (one.ours, one.theirs))
        last = {
            "field": one.field,
            "ours": ours,
            "theirs": theirs,
            "winner": one.winner,
            "at": work.now.isoformat(),
        }
        text = (
            f"{one.field} was changed on both sides: here to {ours!r}, at "
            f"{pairing.far.name} to {theirs!r}. What stood {_SIDES[one.winner]} was kept."
        )
        values = {
            "kind": "note",
            "subject": f"Sync with {pairing.far.name}: {one.field} was changed on both sides",
            "body": text,
            "done_at": work.now,
            "related_type": pairing.kind,
            "related_id": record_id,
        }
        service.create(work, pairing.crm.activities.spec, values)
        changed = {one.field: {"from": ours, "to": theirs, "kept": one.winner}}
        work.audit(f"{pairing.kind}.sync_conflict", record_id, changed)
    return last


def _written(work: Work, pairing: Pairing, ours: Rest | None, data: Mapping[str, Any]) -> Rest:
    spec = pairing.spec
    if ours is None:
        return service.create(work, spec, parse(spec.schema, data, spec.needs))
    values = parse(spec.schema, data)
    return service.update(work, spec, ours["id"], values, if_version=ours["version"])
