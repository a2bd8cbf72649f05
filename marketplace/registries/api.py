"""The registries of this CRM for programs: /api/registries."""

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field

from geminicrm.api.http import no_content, respond
from geminicrm.identity.guards import current_actor, needs
from geminicrm.runtime.bodies import read_body
from marketplace.registries.service import OPERATE, Registries, Wish


class AddBody(BaseModel):
    """POST /api/registries; `key` is the fingerprint of its active key."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=60)
    url: str = Field(max_length=2000)
    key: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    token: str | None = Field(default=None, max_length=1000)


class ChangeBody(BaseModel):
    """PATCH /api/registries/<name>; `position` 0 is asked first."""

    model_config = ConfigDict(extra="forbid", strict=True)

    enabled: bool | None = None
    position: int | None = Field(default=None, ge=0, le=1000)


def blueprint(registries: Registries) -> Blueprint:
    """Serve them to operators."""
    api = Blueprint("registries_api", __name__, url_prefix="/api/registries")

    @api.get("")
    @needs(OPERATE)
    def index() -> Response:
        return respond({"data": registries.list(current_actor()), "next_cursor": None})

    @api.post("")
    @needs(OPERATE)
    def add() -> Response:
        body = read_body(AddBody)
        wish = Wish(name=body.name, url=body.url, key=body.key, token=body.token)
        made = registries.add(current_actor(), wish)
        return respond(made, 201, {"Location": f"{request.path}/{made['name']}"})

    @api.get("/<name>")
    @needs(OPERATE)
    def get(name: str) -> Response:
        return respond(registries.get(current_actor(), name))

    @api.patch("/<name>")
    @needs(OPERATE)
    def change(name: str) -> Response:
        body = read_body(ChangeBody)
        actor, place = current_actor(), body.position
        return respond(registries.change(actor, name, enabled=body.enabled, position=place))

    @api.delete("/<name>")
    @needs(OPERATE)
    def remove(name: str) -> Response:
        registries.remove(current_actor(), name, force=request.args.get("force") == "yes")
        return no_content()

    @api.post("/<name>/refresh")
    @needs(OPERATE)
    def refresh(name: str) -> Response:
        return respond(registries.refresh(current_actor(), name))

    return api
