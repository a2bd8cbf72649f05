"""The door to pipelines."""

from collections.abc import Mapping, Sequence
from typing import Any

from geminicrm.crm.pipelines import service
from geminicrm.crm.pipelines.schemas import PipelineInput
from geminicrm.crm.shared.commands import may
from geminicrm.crm.shared.schemas import needs_each, parse
from geminicrm.kernel.work import Actor, Works

Rest = dict[str, Any]
_SCOPE = "manage:workspace"


class PipelineCommands:
    """Reads and changes pipelines; takes and gives them in their REST shape."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def list(self, actor: Actor) -> Sequence[Rest]:
        """Give all pipelines with their stages, the default one first."""
        with self._works.read(actor) as work:
            return service.list_pipelines(work)

    def get(self, actor: Actor, identifier: str) -> Rest:
        """Give one pipeline. Raises NotFound."""
        with self._works.read(actor) as work:
            return service.get_pipeline(work, identifier)

    def create(self, actor: Actor, data: Mapping[str, Any]) -> Rest:
        """Make a pipeline. Raises ValidationFailed."""
        may(actor, _SCOPE)
        values = parse(PipelineInput, data, needs_each("name"))
        with self._works.write(actor) as work:
            return service.create_pipeline(work, values)

    def update(
        self,
        actor: Actor,
        identifier: str,
        changes: Mapping[str, Any],
        if_version: int | None = None,
    ) -> Rest:
        """Change name or stages.

        Raises NotFound, Conflict, PreconditionFailed, ValidationFailed.
        """
        may(actor, _SCOPE)
        values = parse(PipelineInput, changes)
        with self._works.write(actor) as work:
            return service.update_pipeline(work, identifier, values, if_version)
