"""What happens to contacts."""

from typing import ClassVar

from geminicrm.crm.shared.event_data import Changed, Owned, Person, event_types, shown
from geminicrm.kernel.events import Event


class ContactCreated(Event):
    """A contact was created."""

    type: ClassVar[str] = "contact.created"


class ContactUpdated(Event):
    """Fields of a contact changed; `changed_fields` names them."""

    type: ClassVar[str] = "contact.updated"


class ContactDeleted(Event):
    """A contact was deleted; the data is the last there was."""

    type: ClassVar[str] = "contact.deleted"


class ContactFields(Person):
    """The fields of a contact."""

    id: str = shown("contact_1k0sjz32g0785t8qv1qh55hf")
    title: str | None = shown("Countess")
    company_id: str | None = shown("company_1k0sjz300rt6n10kvjts2p9v")


class ContactData(Owned, ContactFields):
    """A contact."""


class ContactChange(Changed, ContactData):
    """A contact after an update."""

    changed_fields: list[str] = shown(["email"])


TYPES = event_types(
    "read:contacts",
    (ContactCreated, ContactData),
    (ContactUpdated, ContactChange),
    (ContactDeleted, ContactData),
)
