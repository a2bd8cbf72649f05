"""What programs and forms send to choose a sync."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MultiDict

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.syncing.choosing import Choice


class SyncInput(BaseModel):
    """The body of PUT /api/integrations/<id>/sync; what is not sent stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    enabled: bool | None = None
    kinds: list[str] | None = None
    direction: str | None = None
    conflicts: str | None = None
    deletes: str | None = None


def read_choice(body: Mapping[str, Any]) -> Choice:
    """Give the choice that a body asks for. Raises ValidationFailed with every finding."""
    try:
        given = SyncInput.model_validate(body)
    except ValidationError as error:
        raise ValidationFailed(
            Finding("/" + "/".join(map(str, one["loc"])), one["type"], one["msg"])
            for one in error.errors()
        ) from None
    return Choice(**given.model_dump())


def read_form(form: MultiDict[str, str]) -> Choice:
    """Give the choice that the form asks for: a box that is not ticked is not sent."""
    return Choice(
        enabled=form.get("enabled") == "true",
        kinds=form.getlist("kinds"),
        direction=form.get("direction", ""),
        conflicts=form.get("conflicts", ""),
        deletes=form.get("deletes", ""),
    )
