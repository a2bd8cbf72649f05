"""What happens to activities."""

from typing import ClassVar

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
