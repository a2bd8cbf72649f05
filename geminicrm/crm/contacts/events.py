"""What happens to contacts."""

from typing import ClassVar

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
