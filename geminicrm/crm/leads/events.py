"""What happens to leads."""

from typing import ClassVar

from geminicrm.kernel.events import Event


class LeadCreated(Event):
    """A lead was created."""

    type: ClassVar[str] = "lead.created"


class LeadUpdated(Event):
    """Fields of a lead changed; `changed_fields` names them."""

    type: ClassVar[str] = "lead.updated"


class LeadDeleted(Event):
    """A lead was deleted; the data is the last there was."""

    type: ClassVar[str] = "lead.deleted"


class LeadConverted(Event):
    """A lead became a contact; `contact_id`, `company_id` and `deal_id` name what was made."""

    type: ClassVar[str] = "lead.converted"
