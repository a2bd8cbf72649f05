"""What happens to deals."""

from typing import ClassVar

from geminicrm.kernel.events import Event


class DealCreated(Event):
    """A deal was created."""

    type: ClassVar[str] = "deal.created"


class DealUpdated(Event):
    """Fields of a deal changed; `changed_fields` names them."""

    type: ClassVar[str] = "deal.updated"


class DealDeleted(Event):
    """A deal was deleted; the data is the last there was."""

    type: ClassVar[str] = "deal.deleted"


class DealStageChanged(Event):
    """A deal moved; `from_stage_id` and `to_stage_id` say from where to where."""

    type: ClassVar[str] = "deal.stage_changed"


class DealWon(Event):
    """A deal was won."""

    type: ClassVar[str] = "deal.won"


class DealLost(Event):
    """A deal was lost; `lost_reason` may say why."""

    type: ClassVar[str] = "deal.lost"
