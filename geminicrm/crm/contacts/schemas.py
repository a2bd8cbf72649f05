"""What may be sent of a contact."""

from geminicrm.crm.shared.fields import Text40
from geminicrm.crm.shared.schemas import PersonInput


class ContactInput(PersonInput):
    """The fields of a contact."""

    company_id: Text40 = None
