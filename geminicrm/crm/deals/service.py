"""What a deal is."""

from geminicrm.crm.companies.models import Company
from geminicrm.crm.contacts.models import Contact
from geminicrm.crm.deals.events import DealCreated, DealDeleted, DealUpdated
from geminicrm.crm.deals.models import Deal
from geminicrm.crm.deals.moving import moves, place
from geminicrm.crm.deals.schemas import DealInput
from geminicrm.crm.shared.filters import before_day, equals, from_day, one_of
from geminicrm.crm.shared.schemas import needs_each
from geminicrm.crm.shared.spec import (
    Membership,
    RecordEvents,
    RecordSpec,
    Rest,
    Sort,
    by_day,
    by_instant,
    priced,
    stamp,
)

FIELDS = (
    "name", "amount", "currency", "pipeline_id", "stage_id", "contact_id", "company_id",
    "expected_close_on", "status", "lost_reason", "closed_at",
)  # fmt: skip


def deal_spec(is_member: Membership) -> RecordSpec:
    """Describe deals."""
    return RecordSpec(
        kind="deal",
        noun="deals",
        icon="currency-dollar",
        model=Deal,
        schema=DealInput,
        fields=FIELDS,
        attributes={"amount": "amount_minor"},
        defaults={"status": "open"},
        links={"contact_id": Contact, "company_id": Company},
        needs=needs_each("name"),
        events=RecordEvents(DealCreated, DealUpdated, DealDeleted),
        is_member=is_member,
        names=("name",),
        search=("name",),
        subtitle=("amount", "currency", "status"),
        filters={
            "status": one_of(Deal.status, ("open", "won", "lost")),
            "pipeline_id": equals(Deal.pipeline_id),
            "stage_id": equals(Deal.stage_id),
            "contact_id": equals(Deal.contact_id),
            "company_id": equals(Deal.company_id),
            "owner_id": equals(Deal.owner_id),
            "closing_from": from_day(Deal.expected_close_on),
            "closing_before": before_day(Deal.expected_close_on),
        },
        sorts={
            "updated_at": by_instant(Deal.updated_at),
            "name": Sort(Deal.sort_name),
            "amount": Sort(Deal.amount_minor, nullable=True, write=int, read=int),
            "expected_close_on": by_day(Deal.expected_close_on),
        },
        shape=_shape,
        refine=place,
        follow=moves,
    )


def _shape(raw: Rest) -> Rest:
    priced(raw)
    if raw["expected_close_on"] is not None:
        raw["expected_close_on"] = raw["expected_close_on"].isoformat()
    return stamp(raw, "closed_at")
