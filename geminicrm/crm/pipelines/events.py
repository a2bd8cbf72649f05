"""What happens to pipelines."""

from typing import ClassVar

from geminicrm.kernel.events import Event


class PipelineCreated(Event):
    """A pipeline was created."""

    type: ClassVar[str] = "pipeline.created"


class PipelineUpdated(Event):
    """A pipeline's name or stages changed; `changed_fields` names which."""

    type: ClassVar[str] = "pipeline.updated"
