"""What may be sent of a deal."""

from typing import Literal

from geminicrm.crm.shared.fields import Day, Needed200, Text40, Text500
from geminicrm.crm.shared.schemas import Input, MoneyInput, RecordInput


class DealInput(RecordInput, MoneyInput):
    """The fields of a deal; a status moves it to a stage of that kind, and the other way round."""

    name: Needed200 = ""
    pipeline_id: Text40 = None
    stage_id: Text40 = None
    contact_id: Text40 = None
    company_id: Text40 = None
    expected_close_on: Day = None
    status: Literal["open", "won", "lost"] = "open"
    lost_reason: Text500 = None


class LoseInput(Input):
    """Why a deal was lost."""

    reason: Text500 = None


class WinInput(Input):
    """Nothing has to be said when a deal is won."""
