"""What may be sent of an activity."""

from typing import Literal

from geminicrm.crm.shared.fields import Instant, LongText, Needed200, Text40
from geminicrm.crm.shared.schemas import RecordInput

KINDS = ("call", "email", "meeting", "note", "task")


class ActivityInput(RecordInput):
    """The fields of an activity; `related_type` and `related_id` go together."""

    kind: Literal["call", "email", "meeting", "note", "task"] = "task"
    subject: Needed200 = ""
    body: LongText = None
    due_at: Instant = None
    done_at: Instant = None
    related_type: Literal["lead", "contact", "company", "deal"] | None = None
    related_id: Text40 = None
