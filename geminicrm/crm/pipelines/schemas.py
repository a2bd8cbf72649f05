"""What may be sent of a pipeline."""

from typing import Annotated, Literal

from pydantic import Field

from geminicrm.crm.shared.fields import Needed120, Needed200, Text40
from geminicrm.crm.shared.schemas import Input

Key = Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60)]


class StageInput(Input):
    """One stage; an existing one is known by its `id`, else by its `key`."""

    id: Text40 = None
    key: Key | None = None
    name: Needed120
    probability: Annotated[int, Field(ge=0, le=100)] | None = None
    kind: Literal["open", "won", "lost"] = "open"


class PipelineInput(Input):
    """A name, and the stages in their order; stages that are left out of a change go."""

    name: Needed200 = ""
    stages: Annotated[list[StageInput], Field(default_factory=list, min_length=1, max_length=30)]
