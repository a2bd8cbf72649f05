"""What a lead is."""

from geminicrm.crm.leads.events import LeadCreated, LeadDeleted, LeadUpdated
from geminicrm.crm.leads.models import Lead
from geminicrm.crm.leads.schemas import STATUSES, LeadInput
from geminicrm.crm.shared.filters import equals, one_of, same_email
from geminicrm.crm.shared.schemas import needs_any
from geminicrm.crm.shared.spec import (
    Membership,
    RecordEvents,
    RecordSpec,
    Sort,
    by_instant,
    priced,
)

FIELDS = (
    "first_name", "last_name", "email", "phone", "company", "title", "source", "status",
    "amount", "currency",
)  # fmt: skip


def lead_spec(is_member: Membership) -> RecordSpec:
    """Describe leads."""
    return RecordSpec(
        kind="lead",
        noun="leads",
        icon="user-plus",
        model=Lead,
        schema=LeadInput,
        fields=FIELDS,
        attributes={"amount": "amount_minor"},
        defaults={"status": "new"},
        needs=needs_any("last_name", "company", "email"),
        events=RecordEvents(LeadCreated, LeadUpdated, LeadDeleted),
        is_member=is_member,
        names=("last_name", "first_name"),
        search=("company", "email", "last_name", "first_name"),
        subtitle=("company", "email"),
        filters={
            "status": one_of(Lead.status, STATUSES),
            "owner_id": equals(Lead.owner_id),
            "email": same_email(Lead.email),
            "source": equals(Lead.source),
        },
        sorts={"updated_at": by_instant(Lead.updated_at), "name": Sort(Lead.sort_name)},
        shape=priced,
    )
