"""What happens to deals."""

from typing import ClassVar, Literal

from geminicrm.crm.shared.event_data import Changed, Head, Money, Owned, event_types, shown
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


class DealName(Head):
    """What comes before the money of a deal."""

    id: str = shown("deal_1k0smnz18cw3qyc3av38ye3f")
    name: str = shown("Analytical Engine")


class DealFields(Money, DealName):
    """The fields of a deal; a day is written like 2026-11-21."""

    pipeline_id: str = shown("pipeline_1k0sjz300rt6n10kvjts2p9v")
    stage_id: str = shown("stage_1k0sjz300rt6n10kvjts2p9w")
    contact_id: str | None = shown("contact_1k0sjz32g0785t8qv1qh55hf")
    company_id: str | None = shown("company_1k0sjz300rt6n10kvjts2p9v")
    expected_close_on: str | None = shown("2026-12-31")
    status: Literal["open", "won", "lost"] = shown("open")
    lost_reason: str | None = shown(None)
    closed_at: str | None = shown(None)


class DealData(Owned, DealFields):
    """A deal."""


class DealChange(Changed, DealData):
    """A deal after an update."""

    changed_fields: list[str] = shown(["amount"])


class DealMove(DealData):
    """A deal in its new stage."""

    from_stage_id: str = shown("stage_1k0sjz300rt6n10kvjts2p9v")
    to_stage_id: str = shown("stage_1k0sjz300rt6n10kvjts2p9w")


class DealWin(DealData):
    """A deal that was won."""

    status: Literal["won"] = shown("won")
    closed_at: str = shown("2026-11-21T09:00:00.000000Z")


class DealLoss(DealData):
    """A deal that was lost."""

    status: Literal["lost"] = shown("lost")
    lost_reason: str | None = shown("Too expensive")
    closed_at: str = shown("2026-11-21T09:00:00.000000Z")


TYPES = event_types(
    "read:deals",
    (DealCreated, DealData),
    (DealUpdated, DealChange),
    (DealDeleted, DealData),
    (DealStageChanged, DealMove),
    (DealWon, DealWin),
    (DealLost, DealLoss),
)
