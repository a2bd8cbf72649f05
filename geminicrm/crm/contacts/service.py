"""What a contact is."""

from geminicrm.crm.companies.models import Company
from geminicrm.crm.contacts.events import ContactCreated, ContactDeleted, ContactUpdated
from geminicrm.crm.contacts.models import Contact
from geminicrm.crm.contacts.schemas import ContactInput
from geminicrm.crm.shared.filters import equals, same_email
from geminicrm.crm.shared.schemas import needs_any
from geminicrm.crm.shared.spec import Membership, RecordEvents, RecordSpec, Sort, by_instant


def contact_spec(is_member: Membership) -> RecordSpec:
    """Describe contacts."""
    return RecordSpec(
        kind="contact",
        noun="contacts",
        icon="user",
        model=Contact,
        schema=ContactInput,
        fields=("first_name", "last_name", "email", "phone", "title", "company_id"),
        links={"company_id": Company},
        needs=needs_any("last_name", "first_name", "email"),
        events=RecordEvents(ContactCreated, ContactUpdated, ContactDeleted),
        is_member=is_member,
        names=("last_name", "first_name"),
        search=("last_name", "first_name", "email"),
        subtitle=("title", "email"),
        filters={
            "owner_id": equals(Contact.owner_id),
            "company_id": equals(Contact.company_id),
            "email": same_email(Contact.email),
        },
        sorts={"updated_at": by_instant(Contact.updated_at), "name": Sort(Contact.sort_name)},
    )
