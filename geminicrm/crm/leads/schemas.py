"""What may be sent of a lead."""

from typing import Annotated, Literal

from pydantic import Field

from geminicrm.crm.shared.fields import Text40, Text120, Text254
from geminicrm.crm.shared.schemas import Input, MoneyInput, PersonInput

STATUSES = ("new", "contacted", "qualified", "unqualified", "converted")


class LeadInput(PersonInput, MoneyInput):
    """The fields of a lead."""

    company: Text254 = None
    source: Text120 = None
    status: Literal["new", "contacted", "qualified", "unqualified", "converted"] = "new"


class ConvertInput(Input):
    """How a lead is converted: into which company, and with what deal."""

    create_deal: bool = True
    deal: Annotated[dict[str, object], Field(default_factory=dict)]
    company_id: Text40 = None
