"""What an activity is."""

from typing import Any

from geminicrm.crm.activities.events import ActivityCreated, ActivityDeleted, ActivityUpdated
from geminicrm.crm.activities.models import RELATED, Activity
from geminicrm.crm.activities.schemas import KINDS, ActivityInput
from geminicrm.crm.companies.models import Company
from geminicrm.crm.contacts.models import Contact
from geminicrm.crm.deals.models import Deal
from geminicrm.crm.leads.models import Lead
from geminicrm.crm.shared.filters import before_instant, equals, from_instant, is_set, one_of
from geminicrm.crm.shared.models import RecordRow
from geminicrm.crm.shared.schemas import needs_each
from geminicrm.crm.shared.settling import exists
from geminicrm.crm.shared.spec import (
    Change,
    Membership,
    RecordEvents,
    RecordSpec,
    Rest,
    Sort,
    by_instant,
    stamp,
    stamped,
)
from geminicrm.kernel.work import Work

_MODELS: dict[str, type[RecordRow]] = {
    "lead": Lead,
    "contact": Contact,
    "company": Company,
    "deal": Deal,
}
_LINKS = tuple(RELATED.values())
_ASKED = ("related_type", "related_id")


def activity_spec(is_member: Membership) -> RecordSpec:
    """Describe activities."""
    return RecordSpec(
        kind="activity",
        noun="activities",
        icon="calendar",
        model=Activity,
        schema=ActivityInput,
        fields=("kind", "subject", "body", "due_at", "done_at", *_LINKS),
        needs=needs_each("kind", "subject"),
        events=RecordEvents(ActivityCreated, ActivityUpdated, ActivityDeleted),
        is_member=is_member,
        names=("subject",),
        search=("subject",),
        subtitle=("kind", "due_at"),
        filters={
            "kind": one_of(Activity.kind, KINDS),
            "owner_id": equals(Activity.owner_id),
            "related_type": _related_type,
            "related_id": _related_id,
            "done": is_set(Activity.done_at),
            "due_from": from_instant(Activity.due_at),
            "due_before": before_instant(Activity.due_at),
        },
        sorts={
            "updated_at": by_instant(Activity.updated_at),
            "subject": Sort(Activity.sort_name),
            "due_at": by_instant(Activity.due_at, nullable=True),
        },
        shape=_shape,
        refine=_relate,
    )


def _shape(raw: Rest) -> Rest:
    stamped(raw)
    links = {kind: raw.pop(column) for kind, column in RELATED.items()}
    raw["related_type"], raw["related_id"] = next(
        (pair for pair in links.items() if pair[1] is not None), (None, None)
    )
    return stamp(raw, "due_at", "done_at")


def _relate(work: Work, change: Change) -> None:
    """Turn the pair of related fields into the one column that points at that kind of record."""
    if not any(name in change.values for name in _ASKED):
        return
    before = change.before or dict.fromkeys(_LINKS)
    now = next((kind for kind, column in RELATED.items() if before[column]), None)
    kind = change.values.pop("related_type", now)
    target = change.values.pop("related_id", before[RELATED[now]] if now else None)
    if (kind is None) != (target is None):
        missing = "related_type" if kind is None else "related_id"
        change.refuse(f"/{missing}", "required", "Give related_type and related_id, or neither.")
        return
    change.values.update(dict.fromkeys(_LINKS))
    if kind is None:
        return
    change.values[RELATED[kind]] = target
    if change.changes(RELATED[kind]) and not exists(work, _MODELS[kind], target):
        change.refuse("/related_id", "not_found", f"There is no {kind} {target!r} here.")


def _related_type(text: str) -> Any:
    if text not in RELATED:
        raise ValueError(f"Use one of {', '.join(RELATED)}.")
    return getattr(Activity, RELATED[text]).is_not(None)


def _related_id(text: str) -> Any:
    kind = text.partition("_")[0]
    if kind not in RELATED:
        raise ValueError("Write the id of a lead, a contact, a company or a deal.")
    return getattr(Activity, RELATED[kind]) == text
