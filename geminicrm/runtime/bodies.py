"""The JSON bodies of the installation endpoints."""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geminicrm.api.http import json_body
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.strict_json import join

Body = TypeVar("Body", bound=BaseModel)


class PlanBody(BaseModel):
    """POST /api/installations/plan; without `action`: upgrade what is installed, else install."""

    model_config = ConfigDict(extra="forbid", strict=True)

    extension_id: str = Field(min_length=1, max_length=64)
    version: str | None = Field(default=None, max_length=64)
    action: Literal["install", "upgrade", "rollback", "uninstall"] | None = None
    allow_unsigned: bool = False


class InstallBody(BaseModel):
    """POST /api/installations; `grants` are for what comes with it, by extension id."""

    model_config = ConfigDict(extra="forbid", strict=True)

    extension_id: str = Field(min_length=1, max_length=64)
    version: str | None = Field(default=None, max_length=64)
    grant: list[str] | Literal["requested"] | None = None
    grants: dict[str, list[str]] = Field(default_factory=dict)
    trust: str | None = None
    allow_unsigned: bool = False


class UpgradeBody(BaseModel):
    """POST /api/installations/<extension-id>/upgrade."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: str | None = Field(default=None, max_length=64)
    grant: list[str] | Literal["requested"] | None = None
    grants: dict[str, list[str]] = Field(default_factory=dict)
    trust: str | None = None
    allow_unsigned: bool = False


class RollbackBody(BaseModel):
    """POST /api/installations/<extension-id>/rollback."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: str | None = Field(default=None, max_length=64)


class ReplayBody(BaseModel):
    """POST /api/installations/<extension-id>/replay; `version` is for dry runs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    event_id: str = Field(min_length=1, max_length=40)
    version: str | None = Field(default=None, max_length=64)
    dry_run: bool = True
    allow_unsigned: bool = False


class ChangeBody(BaseModel):
    """PATCH /api/installations/<extension-id>; `trust` is the typed id beside `trusted`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    enabled: bool | None = None
    trusted: bool | None = None
    trust: str | None = Field(default=None, max_length=64)
    settings: dict[str, Any] | None = None


class GrantBody(BaseModel):
    """PATCH /api/installations/<extension-id>/permissions."""

    model_config = ConfigDict(extra="forbid", strict=True)

    granted: list[str] = Field(max_length=200)


def read_body(schema: type[Body]) -> Body:
    """Read the request's body as `schema`. Raises ValidationFailed with every wrong member."""
    try:
        return schema.model_validate(json_body())
    except ValidationError as error:
        found = [_finding(each["loc"], each["type"], each["msg"]) for each in error.errors()]
        raise ValidationFailed(dict.fromkeys(found)) from None


def _finding(place: Sequence[int | str], kind: str, message: str) -> Finding:
    # pydantic names the branch of a union as a step of its own; our body has no such member.
    steps = [*place[:1], *(step for step in place[1:] if isinstance(step, int))]
    pointer = ""
    for step in steps:
        pointer = join(pointer, str(step))
    return Finding(pointer, kind, message)
