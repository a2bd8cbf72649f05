"""What happens to activities."""

from typing import ClassVar, Literal

from geminicrm.crm.shared.event_data import Changed, Head, Owned, event_types, shown
from geminicrm.kernel.events import Event


class ActivityCreated(Event):
    """An activity was created."""

    type: ClassVar[str] = "activity.created"


class ActivityUpdated(Event):
    """Fields of an activity changed; `changed_fields` names them."""

    type: ClassVar[str] = "activity.updated"


class ActivityDeleted(Event):
    """An activity was deleted; the data is the last there was."""

    type: ClassVar[str] = "activity.deleted"


class ActivityFields(Head):
    """The fields of an activity."""

    id: str = shown("activity_1k0sp9tybrc55gaayr4qepga")
    kind: Literal["call", "email", "meeting", "note", "task"] = shown("call")
    subject: str = shown("First call")
    body: str | None = shown("Ask for the size of the team.")
    due_at: str | None = shown("2026-11-24T09:00:00.000000Z")
    done_at: str | None = shown(None)
    related_type: Literal["lead", "contact", "company", "deal"] | None = shown("lead")
    related_id: str | None = shown("lead_1k0sjz304rr90h381ma6yfbe")


class ActivityData(Owned, ActivityFields):
    """An activity."""


class ActivityChange(Changed, ActivityData):
    """An activity after an update."""

    changed_fields: list[str] = shown(["done_at"])


TYPES = event_types(
    "read:activities",
    (ActivityCreated, ActivityData),
    (ActivityUpdated, ActivityChange),
    (ActivityDeleted, ActivityData),
)
