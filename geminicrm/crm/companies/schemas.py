"""What may be sent of a company."""

from typing import Annotated

from pydantic import BeforeValidator

from geminicrm.crm.shared.fields import Needed200, Text40, Text120, Text254, Text500
from geminicrm.crm.shared.schemas import RecordInput


def _size(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class CompanyInput(RecordInput):
    """The fields of a company; `size` is a number of people or a range such as 51-200."""

    name: Needed200 = ""
    domain: Text254 = None
    phone: Text40 = None
    address: Text500 = None
    size: Annotated[Text40, BeforeValidator(_size)] = None
    industry: Text120 = None
