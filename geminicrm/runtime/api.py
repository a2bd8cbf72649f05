"""The REST endpoints of installations."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from geminicrm.api.http import etag, respond
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.bodies import (
    ChangeBody,
    GrantBody,
    InstallBody,
    PlanBody,
    RollbackBody,
    UpgradeBody,
    read_body,
)
from geminicrm.runtime.changes import Change, Data
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.extension_logs import MOST_LINES
from geminicrm.runtime.service import LifeCycle
from geminicrm.runtime.settings_values import under

ROOT = "/api/installations"
_LINES = 200
_LIVE, _ACCEPTED, _CREATED = 200, 202, 201


def blueprint(life: LifeCycle) -> Blueprint:
    """Serve /api/installations."""
    api = Blueprint("installations_api", __name__, url_prefix=ROOT)
    _collection(api, life)
    _one(api, life)
    _versions(api, life)
    _permissions(api, life)
    return api


def _collection(api: Blueprint, life: LifeCycle) -> None:
    @api.get("")
    def list_installations() -> Response:
        return respond({"data": life.list(current_actor()), "next_cursor": None})

    @api.post("")
    def install() -> Response:
        body = read_body(InstallBody)
        wanted = InstallRequest(
            extension_id=body.extension_id,
            version=body.version,
            grant=body.grant,
            grants=body.grants,
            trust=body.trust,
            allow_unsigned=body.allow_unsigned,
        )
        change = life.install(current_actor(), wanted)
        place = {"Location": f"{ROOT}/{body.extension_id}"}
        return respond(_report(change), _CREATED if change.live else _ACCEPTED, place)

    @api.post("/plan")
    def plan() -> Response:
        body = read_body(PlanBody)
        found = life.preview(
            current_actor(),
            body.extension_id,
            body.version,
            body.action,
            allow_unsigned=body.allow_unsigned,
        )
        return respond(found.to_dict())


def _one(api: Blueprint, life: LifeCycle) -> None:
    @api.get("/<extension_id>")
    def get(extension_id: str) -> Response:
        found = life.get(current_actor(), extension_id)
        return respond(found, headers={"ETag": etag(found["revision"])})

    @api.patch("/<extension_id>")
    def change(extension_id: str) -> Response:
        return _answer(_apply(life, extension_id, read_body(ChangeBody)))

    @api.delete("/<extension_id>")
    def uninstall(extension_id: str) -> Response:
        removed = life.uninstall(current_actor(), extension_id, _data())
        return respond(asdict(removed), _LIVE if removed.live else _ACCEPTED)


def _versions(api: Blueprint, life: LifeCycle) -> None:
    @api.get("/<extension_id>/versions")
    def versions(extension_id: str) -> Response:
        found = life.upgrades.versions(current_actor(), extension_id)
        return respond({"data": found, "next_cursor": None})

    @api.post("/<extension_id>/upgrade")
    def upgrade(extension_id: str) -> Response:
        body = read_body(UpgradeBody)
        wanted = InstallRequest(
            extension_id=extension_id,
            version=body.version,
            grant=body.grant,
            grants=body.grants,
            trust=body.trust,
            allow_unsigned=body.allow_unsigned,
        )
        change = life.upgrades.upgrade(current_actor(), wanted)
        return respond(_report(change), _LIVE if change.live else _ACCEPTED)

    @api.post("/<extension_id>/rollback")
    def rollback(extension_id: str) -> Response:
        body = read_body(RollbackBody)
        change = life.upgrades.rollback(current_actor(), extension_id, body.version)
        return respond(_report(change), _LIVE if change.live else _ACCEPTED)


def _permissions(api: Blueprint, life: LifeCycle) -> None:
    @api.get("/<extension_id>/permissions")
    def permissions(extension_id: str) -> Response:
        found = life.inventory.permissions(current_actor(), extension_id)
        return respond({**found, "next_cursor": None})

    @api.patch("/<extension_id>/permissions")
    def grant(extension_id: str) -> Response:
        body = read_body(GrantBody)
        return _answer(life.set_grant(current_actor(), extension_id, body.granted))

    @api.delete("/<extension_id>/permissions/<scope>")
    def trim(extension_id: str, scope: str) -> Response:
        return _answer(life.change_grant(current_actor(), extension_id, remove=[scope]))

    @api.get("/<extension_id>/logs")
    def logs(extension_id: str) -> Response:
        found = life.inventory.log(current_actor(), extension_id, _lines())
        return respond({"data": found, "next_cursor": None})


def _apply(life: LifeCycle, extension_id: str, body: ChangeBody) -> Change:
    actor = current_actor()
    change: Change | None = None
    # First: where the id was not typed, nothing else of the body happens either.
    if body.trusted is not None:
        change = _trust(life, extension_id, body)
    if body.settings is not None:
        try:
            change = life.configure(actor, extension_id, body.settings)
        except ValidationFailed as error:
            raise under("/settings", error) from error
    if body.enabled is not None:
        switch = life.enable if body.enabled else life.disable
        change = switch(actor, extension_id)
    if change is None:
        message = 'Send "enabled", "settings" or "trusted".'
        raise ValidationFailed([Finding("", "nothing_to_change", message)])
    return change


def _trust(life: LifeCycle, extension_id: str, body: ChangeBody) -> Change:
    if body.trusted:
        return life.trust(current_actor(), extension_id, body.trust)
    return life.distrust(current_actor(), extension_id)


def _data() -> Data:
    match request.args.get("data", "keep"):
        case "keep":
            return "keep"
        case "purge":
            return "purge"
        case other:
            message = f"{other!r} is neither 'keep' nor 'purge'."
            raise ValidationFailed([Finding("/data", "wrong_value", message)])


def _lines() -> int:
    text = request.args.get("lines", str(_LINES))
    # Few digits, and no other script's: `int` takes more than a number of lines can be.
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_LINES)) else 0
    )


def _report(change: Change) -> dict[str, Any]:
    return {
        **change.installation,
        "steps": [asdict(each) for each in change.steps],
        "warnings": list(change.warnings),
    }


def _answer(change: Change) -> Response:
    headers = {"ETag": etag(change.installation["revision"])}
    return respond(change.installation, _LIVE if change.live else _ACCEPTED, headers)
