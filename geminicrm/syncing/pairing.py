"""What all steps of a run know of one kind of record of one connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, select

from extensions.sdk.capabilities.crm_sync import FarRecord, Kind
from geminicrm.crm.build import Crm
from geminicrm.crm.shared import service
from geminicrm.crm.shared.spec import RecordSpec, Rest
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work
from geminicrm.syncing.actor import SyncActor
from geminicrm.syncing.doors_needed import FarCrm
from geminicrm.syncing.fields import Fields
from geminicrm.syncing.models import INWARD, OUTWARD, SyncCursor, SyncLink
from geminicrm.syncing.ties import Tie

_LONGEST_ERROR: Final = 500
_LONGEST_LABEL: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """One kind of one connection: what was chosen, both sides, and who acts."""

    connection_id: str
    kind: Kind
    direction: str
    conflicts: str
    deletes: str
    crm: Crm
    far: FarCrm
    fields: Fields
    actor: SyncActor
    ties: tuple[Tie, ...] = ()

    @property
    def spec(self) -> RecordSpec:
        """What our records of the kind are."""
        return self.crm.records[self.kind].spec

    @property
    def reads(self) -> bool:
        """Whether what changes over there is taken."""
        return self.direction != OUTWARD

    @property
    def writes(self) -> bool:
        """Whether what changes here is given."""
        return self.direction != INWARD

    def records(self, work: Work, ids: Sequence[str]) -> dict[str, Rest]:
        """Give our records by id; those that are gone are left out."""
        found = service.get_many(work, self.spec, list(ids)) if ids else []
        return {one["id"]: one for one in found}

    def by_far(self, work: Work, ids: Sequence[str]) -> dict[str, SyncLink]:
        """Give links by the id over there."""
        rows = self._links(work, SyncLink.far_id.in_(ids))
        return {str(row.far_id): row for row in rows}

    def by_record(self, work: Work, ids: Sequence[str]) -> dict[str, SyncLink]:
        """Give links by the id of our record."""
        rows = self._links(work, SyncLink.record_id.in_(ids))
        return {str(row.record_id): row for row in rows}

    def in_states(self, work: Work, states: Sequence[str], limit: int) -> Sequence[SyncLink]:
        """Give links in some states."""
        return self._links(work, SyncLink.state.in_(states), limit)

    def cursor(self, work: Work) -> SyncCursor:
        """Give how far the kind is; a new row where it has not begun."""
        row = work.session.scalar(
            select(SyncCursor).where(
                SyncCursor.connection_id == self.connection_id, SyncCursor.kind == self.kind
            )
        )
        if row is None:
            row = SyncCursor(
                id=new_id("scur"),
                workspace_id=work.workspace_id,
                connection_id=self.connection_id,
                kind=self.kind,
                cursor="",
                scanned="",
                first_done=False,
                came_in=0,
                went_out=0,
            )
            work.session.add(row)
        return row

    def link(self, work: Work, *, record_id: str | None, far_id: str | None) -> SyncLink:
        """Make a link; it has no common values yet."""
        row = SyncLink(
            id=new_id("slnk"),
            workspace_id=work.workspace_id,
            connection_id=self.connection_id,
            kind=self.kind,
            record_id=record_id,
            far_id=far_id,
            base={},
            ties={},
            state="ok",
            linked_at=work.now,
            synced_at=work.now,
        )
        work.session.add(row)
        return row

    def _links(
        self, work: Work, which: ColumnElement[bool], limit: int | None = None
    ) -> Sequence[SyncLink]:
        query = select(SyncLink).where(
            SyncLink.connection_id == self.connection_id, SyncLink.kind == self.kind, which
        )
        return work.session.scalars(query.order_by(SyncLink.id).limit(limit)).all()


def fail(link: SyncLink, side: str, reason: str, state: str = "failed") -> None:
    """Note why a record could not be written on a side: `in` is ours."""
    link.state, link.error_side = state, side
    link.error = storable(reason, _LONGEST_ERROR)


def settle(link: SyncLink, side: str) -> None:
    """Note that all is well on a side; what is wrong on the other one stays."""
    if link.error_side in {None, side} or link.state in {"sending", "unknown", "again"}:
        link.state, link.error, link.error_side = "ok", None, None


def label_of(values: Mapping[str, str]) -> str:
    """Name a record for people, by its values as they are compared."""
    person = " ".join(values.get(name, "") for name in ("first_name", "last_name")).strip()
    return (values.get("name") or person or values.get("email") or "")[:_LONGEST_LABEL]


def seen(link: SyncLink, record: FarRecord) -> None:
    """Remember which state of theirs was looked at."""
    link.far_at = record.updated_at
