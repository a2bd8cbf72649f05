"""What programs send about endpoints, deliveries and hooks, read and checked."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.webhooks.outgoing.models import FAILED, MISSED
from geminicrm.webhooks.outgoing.questions import read_instant
from geminicrm.webhooks.outgoing.replaying import Recovery
from geminicrm.webhooks.outgoing.shaping import Shaping
from geminicrm.webhooks.outgoing.wishes import CONCURRENCY, EndpointChanges, NewEndpoint

# What an answer holds may come back with it: it is left as it is.
_SHOWN: Final = frozenset(
    {
        *("id", "version", "state", "reason", "state_at", "origin", "expires_at", "health"),
        *("old_secret_until", "created_by", "created_at", "updated_at"),
    }
)
_Text = Annotated[str, Field(max_length=80)]
_Headers = dict[str, str | None]
_Filter = list[dict[str, Any]] | None
_Mapping = dict[str, Any] | None


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EndpointInput(_Input):
    """The body of POST /api/webhook-endpoints."""

    url: str
    events: list[str]
    description: str = ""
    secret: str | None = None
    headers: _Headers = {}
    filter: _Filter = None
    mapping: _Mapping = None
    template: str | None = None
    rate: int | None = None
    concurrency: int = CONCURRENCY


class EndpointPatch(_Input):
    """The body of PATCH /api/webhook-endpoints/<id>; what is left out stays."""

    url: str = ""
    events: list[str] = []
    description: str = ""
    headers: _Headers = {}
    filter: _Filter = None
    mapping: _Mapping = None
    template: str | None = None
    rate: int | None = None
    concurrency: int = CONCURRENCY


class RotationInput(_Input):
    """The body of POST /api/webhook-endpoints/<id>/rotate-secret, which may be left out."""

    secret: str | None = None
    immediate: bool = False


class SelectionInput(_Input):
    """The body of POST /api/webhook-deliveries/replay."""

    ids: list[_Text]


class RecoveryInput(_Input):
    """The body of POST /api/webhook-deliveries/recover."""

    since: Annotated[str, Field(min_length=1)]
    until: str = ""
    endpoint_id: _Text = ""
    states: list[_Text] = [FAILED, MISSED]
    dry_run: bool = False


class HookInput(_Input):
    """The body of POST /api/hooks."""

    target_url: str
    event: _Text
    expiration_date: str | None = None


Given = TypeVar("Given", bound=_Input)


def read(model: type[Given], body: Mapping[str, Any]) -> Given:
    """Read a body. Raises ValidationFailed with every finding."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise ValidationFailed(
            Finding("/" + "/".join(map(str, one["loc"])), one["type"], one["msg"])
            for one in error.errors()
        ) from None


def new_of(body: Mapping[str, Any]) -> NewEndpoint:
    """Give the endpoint that a body asks for. Raises ValidationFailed."""
    given = read(EndpointInput, body)
    return NewEndpoint(
        url=given.url,
        events=tuple(given.events),
        description=given.description.strip(),
        secret=given.secret or "",
        headers=given.headers,
        shaping=Shaping(filter=given.filter, mapping=given.mapping, template=given.template),
        rate=given.rate,
        concurrency=given.concurrency,
    )


def changes_of(body: Mapping[str, Any], revision: int | None) -> EndpointChanges:
    """Give what a body changes. Raises ValidationFailed."""
    asked = {name: value for name, value in body.items() if name not in _SHOWN}
    given = read(EndpointPatch, asked)
    return EndpointChanges(values=given.model_dump(exclude_unset=True), revision=revision)


def recovery_of(given: RecoveryInput) -> Recovery:
    """Give what is to be recovered. Raises ValidationFailed."""
    since, wrong_since = read_instant("since", given.since)
    until, wrong_until = read_instant("until", given.until)
    if since is None or wrong_until:
        raise ValidationFailed([*wrong_since, *wrong_until])
    return Recovery(
        since=since, until=until, endpoint_id=given.endpoint_id, states=tuple(given.states)
    )


def expiry_of(given: HookInput) -> datetime | None:
    """Give when a hook ends; a date alone is its first instant, UTC. Raises ValidationFailed."""
    text = given.expiration_date or ""
    expires_at, wrong = read_instant("expiration_date", _whole(text))
    if wrong:
        raise ValidationFailed(wrong)
    return expires_at


def _whole(text: str) -> str:
    try:
        return f"{date.fromisoformat(text).isoformat()}T00:00:00Z"
    except ValueError:
        return text
