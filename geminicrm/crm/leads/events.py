"""What happens to leads."""

from typing import ClassVar, Literal

from geminicrm.crm.shared.event_data import Changed, Money, Owned, Person, event_types, shown
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


class LeadFields(Person):
    """The fields of a lead, money apart."""

    id: str = shown("lead_1k0sjz304rr90h381ma6yfbe")
    company: str | None = shown("Engines Ltd")
    title: str | None = shown("Countess")
    source: str | None = shown("Conference")
    status: Literal["new", "contacted", "qualified", "unqualified", "converted"] = shown("new")


class LeadData(Owned, Money, LeadFields):
    """A lead."""


class LeadChange(Changed, LeadData):
    """A lead after an update."""

    changed_fields: list[str] = shown(["status"])


class LeadConversion(LeadData):
    """A lead, and what was made of it."""

    status: Literal["converted"] = shown("converted")
    contact_id: str = shown("contact_1k0sjz32g0785t8qv1qh55hf")
    company_id: str | None = shown("company_1k0sjz300rt6n10kvjts2p9v")
    deal_id: str | None = shown("deal_1k0smnz18cw3qyc3av38ye3f")


TYPES = event_types(
    "read:leads",
    (LeadCreated, LeadData),
    (LeadUpdated, LeadChange),
    (LeadDeleted, LeadData),
    (LeadConverted, LeadConversion),
)
