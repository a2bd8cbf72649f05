"""What happens to pipelines."""

from typing import ClassVar, Literal

from geminicrm.crm.shared.event_data import Changed, Data, Head, event_types, shown
from geminicrm.kernel.events import Event


class PipelineCreated(Event):
    """A pipeline was created."""

    type: ClassVar[str] = "pipeline.created"


class PipelineUpdated(Event):
    """A pipeline's name or stages changed; `changed_fields` names which."""

    type: ClassVar[str] = "pipeline.updated"


class StageData(Data):
    """A stage; `probability` is in percent."""

    id: str
    key: str
    name: str
    probability: int
    kind: Literal["open", "won", "lost"]


_STAGE = {
    "id": "stage_1k0sjz300rt6n10kvjts2p9v",
    "key": "new",
    "name": "New",
    "probability": 10,
    "kind": "open",
}


class PipelineData(Head):
    """A pipeline with its stages."""

    id: str = shown("pipeline_1k0sjz300rt6n10kvjts2p9v")
    name: str = shown("Sales")
    is_default: bool = shown(True)  # noqa: FBT003 - the example of a member
    stages: list[StageData] = shown([_STAGE])


class PipelineChange(Changed, PipelineData):
    """A pipeline after an update."""

    changed_fields: list[str] = shown(["stages"])


TYPES = event_types(None, (PipelineCreated, PipelineData), (PipelineUpdated, PipelineChange))
